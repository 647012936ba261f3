// SPDX-License-Identifier: MIT
/*
 * The drivers of a device. They are added in the documented order: lower filters, the function
 * driver, upper filters; of the filters the device's own before its class's. Each is a task, and
 * each may die alone: what is above and below it still has to be told that the device goes.
 */
#include "node.h"
#include "port.h"

static ash_status add_driver(struct pnp_node *node, const char *service, const char *image)
{
    ash_status status = STATUS_SUCCESS;
    struct pnp_driver *driver = pnp_driver_get(service, image, &status);
    if (driver != nullptr)
        node->stack[node->stack_count++] = driver;
    else
        port_log("%s: the driver %s cannot be had (0x%08x)", node->device_id, service,
                 (unsigned)status);
    return status;
}

static ash_status add_filters(struct pnp_node *node, bool upper)
{
    ash_status status = STATUS_SUCCESS;
    for (unsigned i = 0; i < node->match.filter_count && ash_success(status); i++) {
        const struct pnp_filter *filter = &node->match.filters[i];
        if (filter->upper == upper)
            status = add_driver(node, filter->service, filter->image);
    }
    return status;
}

ash_status pnp_stack_collect(struct pnp_node *node)
{
    node->stack_count = node->added_count = 0;
    node->function = nullptr;
    ash_status status = add_filters(node, false);
    if (ash_success(status))
        status = add_driver(node, node->match.service, node->match.image);
    if (!ash_success(status))
        return status;
    node->function = node->stack[node->stack_count - 1];
    return add_filters(node, true);
}

ash_status pnp_stack_loaded(const struct pnp_node *node)
{
    for (unsigned i = 0; i < node->stack_count; i++)
        if (node->stack[i]->state == PNP_DRIVER_LOADING)
            return STATUS_PENDING;
    for (unsigned i = 0; i < node->stack_count; i++)
        if (node->stack[i]->state != PNP_DRIVER_READY)
            return node->stack[i]->status;
    return STATUS_SUCCESS;
}

/* One of them has ended while it loaded, which the process manager is about to tell. */
bool pnp_stack_leaves(const struct pnp_node *node)
{
    for (unsigned i = 0; i < node->stack_count; i++)
        if (!node->stack[i]->dead && node->stack[i]->left_task == node->stack[i]->task)
            return true;
    return false;
}

bool pnp_stack_uses(const struct pnp_node *node, const struct pnp_driver *driver)
{
    for (unsigned i = 0; i < node->stack_count; i++)
        if (node->stack[i] == driver)
            return true;
    return false;
}

bool pnp_stack_has_task(const struct pnp_node *node, ash_word task)
{
    for (unsigned i = 0; i < node->stack_count; i++)
        if (node->stack[i]->task == task)
            return true;
    return false;
}

bool pnp_stack_lives(ash_word device)
{
    struct ash_device_info info;
    if (!ash_success(port_device_info(device, &info)))
        return false;
    const struct pnp_driver *driver = pnp_driver_of_task(info.driver);
    return driver != nullptr && !driver->dead;
}

/* Behind the part that begins with the device told last; it may have left the stack since. */
static unsigned behind_told(const struct pnp_node *node, const struct ash_io_stack_reply *stack)
{
    unsigned at = 0;
    while (at < stack->count && stack->entry[at].device != node->told)
        at++;
    if (at == stack->count)
        return 0;
    while (at < stack->count && pnp_stack_lives(stack->entry[at].device))
        at++;
    return at;
}

/* When the function driver is started again, drivers above it keep their devices and are told
 * nothing: the removal begins with its device, if its next task has one, or below it. */
static unsigned below_kept(const struct pnp_node *node, const struct ash_io_stack_reply *stack)
{
    unsigned at = 0;
    for (unsigned i = 0; node->recovering && i < stack->count; i++)
        if (stack->entry[i].driver == node->function->id)
            at = pnp_stack_lives(stack->entry[i].device) ? i : i + 1;
    return at;
}

static ash_word to_physical(struct pnp_node *node)
{
    node->told_last = true;
    return node->told = node->bus->dead ? 0 : node->device;
}

ash_word pnp_stack_next_part(struct pnp_node *node)
{
    struct ash_io_stack_reply stack;
    if (node->told_last)
        return 0;
    if (!node->added || node->bypass || !ash_success(port_stack(node->device, &stack)) ||
        stack.count == 0 || stack.count > ASH_IO_STACK_MAX)
        return to_physical(node);
    unsigned at = behind_told(node, &stack), first = below_kept(node, &stack);
    at = at > first ? at : first;
    while (at < stack.count && !pnp_stack_lives(stack.entry[at].device))
        at++;
    node->told_last = true;
    for (unsigned i = at; i < stack.count; i++)
        node->told_last &= pnp_stack_lives(stack.entry[i].device);
    return node->told = at < stack.count ? stack.entry[at].device : 0;
}
