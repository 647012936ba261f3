// SPDX-License-Identifier: MIT
/*
 * Interrupt connections. The kernel has one Irq a source, bound to one Notification.
 *
 *   one device has the source         several devices share it
 *
 *   kernel --> driver's Notification  kernel --> pnp --> every driver's Notification
 *   driver acknowledges its Irq       drivers acknowledge at pnp; when all have, pnp acknowledges
 *
 * Either way the driver gets a capability that it Calls with ASH_IRQ_ACK: the Irq itself, or an
 * endpoint of this manager badged with the connection. A device that comes to an Irq already given
 * away is shared too: the first driver goes on acknowledging the Irq itself, which at worst lets
 * the line interrupt once more before the others are done.
 *
 * A driver that does not acknowledge a shared line in time is disconnected from it, so that it
 * cannot silence the others. Drivers hold back a device of theirs that only interrupts
 * (ash/moderation.h); a shared line that none of them says to be its own is held back here.
 */
#include "ash/moderation.h"
#include "message.h"
#include "node.h"
#include "port.h"

#define LINES         24u
#define CONNECTIONS   64u
#define DEADLINE_MS   5000u
#define TELL_AGAIN_MS 10000u

#define HARDWARE_INTERRUPT_STORM 0xf2u

static struct line {
    ash_word source;
    ash_cptr irq; /* 0: not in use */
    bool shared;  /* the interrupt comes to this manager */
    bool claimed; /* by a driver, this time */
    ash_word deadline;
    struct ash_moderation moderation;
    ash_word signalled, held, told; /* held: until then it stays masked; 0: not */
} lines[LINES];

static struct connection {
    const struct pnp_node *node; /* null: not in use */
    struct line *line;
    ash_word task;
    ash_cptr notification, acknowledge;
    bool direct; /* acknowledges the Irq itself */
    bool owes;
} connections[CONNECTIONS];

static struct line *find_line(ash_word source)
{
    for (unsigned i = 0; i < LINES; i++)
        if (lines[i].irq != 0 && lines[i].source == source)
            return &lines[i];
    return nullptr;
}

static struct connection *find_connection(const struct pnp_node *node, ash_word source)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].node == node && connections[i].line->source == source)
            return &connections[i];
    return nullptr;
}

static bool above(const struct pnp_node *node, const struct pnp_node *other)
{
    for (node = node->parent; node != nullptr; node = node->parent)
        if (node == other)
            return true;
    return false;
}

/* Does another device have that source? Its bus has it only to hand it on. */
static bool others_have(const struct pnp_node *node, ash_word source)
{
    for (const struct pnp_node *other = pnp_nodes; other != nullptr; other = other->all_next)
        if (other != node && !above(node, other) && !above(other, node) &&
            other->assigned != nullptr && pnp_resources_interrupt(other->assigned, source))
            return true;
    return false;
}

static struct line *new_line(ash_word source, bool edge, bool shared, ash_status *status)
{
    struct line *line = lines;
    while (line < lines + LINES && line->irq != 0)
        line++;
    *status = STATUS_INSUFFICIENT_RESOURCES;
    if (line == lines + LINES)
        return nullptr;
    ash_cptr irq;
    *status = port_irq_get(source, edge, &irq);
    if (!ash_success(*status))
        return nullptr;
    *line = (struct line){
        .source = source, .irq = irq, .shared = shared, .moderation = ASH_MODERATION_START};
    if (shared)
        *status = port_irq_bind_own(irq, (unsigned)(line - lines));
    if (ash_success(*status))
        return line;
    port_irq_drop(irq);
    *line = (struct line){};
    return nullptr;
}

static bool line_in_use(const struct line *line)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].node != nullptr && connections[i].line == line)
            return true;
    return false;
}

static void drop_line(struct line *line)
{
    if (line_in_use(line))
        return;
    port_irq_drop(line->irq);
    *line = (struct line){};
}

/* The line's Irq, given to its one driver. */
static ash_status connect_direct(struct connection *connection, ash_cptr *capability)
{
    connection->direct = true;
    *capability = connection->line->irq;
    return port_irq_bind(connection->line->irq, connection->notification);
}

static ash_status connect_shared(struct connection *connection, ash_cptr *capability)
{
    struct line *line = connection->line;
    ash_status status =
        port_ack_capability((unsigned)(connection - connections), &connection->acknowledge);
    if (ash_success(status) && !line->shared)
        status = port_irq_bind_own(line->irq, (unsigned)(line - lines));
    line->shared |= ash_success(status);
    *capability = connection->acknowledge;
    return status;
}

static struct connection *new_connection(void)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].node == nullptr)
            return &connections[i];
    return nullptr;
}

static void end_connection(struct connection *connection)
{
    struct line *line = connection->line;
    bool owed = connection->owes;
    if (connection->acknowledge != 0)
        port_irq_drop(connection->acknowledge);
    port_drop(connection->notification);
    bool direct = connection->direct;
    *connection = (struct connection){};
    if (direct && line->shared && line_in_use(line))
        port_log("interrupt %u stays shared after its first driver has left",
                 (unsigned)line->source);
    if (owed)
        (void)pnp_interrupt_ack(CONNECTIONS + (unsigned)(line - lines), true);
    drop_line(line);
}

ash_status pnp_interrupt_connect(struct pnp_node *node, ash_word task, ash_word vector,
                                 ash_cptr notification, ash_cptr *capability)
{
    const struct pnp_resource *item =
        node->translated != nullptr ? pnp_resources_interrupt(node->translated, vector) : nullptr;
    struct connection *connection = new_connection();
    ash_status status = STATUS_SUCCESS;
    if (pnp_message_has(node, vector) && node->function != nullptr &&
        node->function->task == task && node->allowed)
        return pnp_message_connect(node, task, vector, notification, capability);
    if (item == nullptr || node->function == nullptr || node->function->task != task ||
        !node->allowed)
        status = item == nullptr ? STATUS_INVALID_PARAMETER : STATUS_ACCESS_DENIED;
    else if (find_connection(node, vector) != nullptr || connection == nullptr)
        status =
            connection == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_CONFLICTING_ADDRESSES;
    struct line *line = find_line(vector);
    if (ash_success(status) && line == nullptr)
        line = new_line(vector, item->flags & PNP_INTERRUPT_LATCHED,
                        item->share == PNP_SHARED && others_have(node, vector), &status);
    if (!ash_success(status)) {
        port_drop(notification);
        return status;
    }
    bool alone = !line->shared && !line_in_use(line);
    *connection =
        (struct connection){.node = node, .line = line, .task = task, .notification = notification};
    status =
        alone ? connect_direct(connection, capability) : connect_shared(connection, capability);
    if (!ash_success(status))
        end_connection(connection);
    return status;
}

bool pnp_interrupt_shared(const struct pnp_node *node, ash_word vector)
{
    const struct connection *connection = find_connection(node, vector);
    return connection != nullptr && connection->line->shared;
}

static bool others_suffer(const struct connection *connection)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].node != nullptr && connections[i].node != connection->node &&
            connections[i].line == connection->line)
            return true;
    return false;
}

ash_status pnp_interrupt_storm(struct pnp_node *node, ash_word task, ash_word vector)
{
    const struct connection *connection = find_connection(node, vector);
    if (connection == nullptr || !others_suffer(connection))
        return STATUS_NOT_FOUND;
    if (connection->task != task || node->function == nullptr || node->function->task != task)
        return STATUS_ACCESS_DENIED;
    pnp_cut_off(node, "it does nothing but interrupt, on a line that others share: it is cut off",
                &(struct port_verdict){
                    .code = HARDWARE_INTERRUPT_STORM,
                    .parameter = {0, 0, node->device, vector},
                    .name = "HARDWARE_INTERRUPT_STORM",
                    .rule = "its device does nothing but interrupt, on a line that others share"});
    return STATUS_SUCCESS;
}

ash_status pnp_interrupt_disconnect(const struct pnp_node *node, ash_word task, ash_word vector)
{
    struct connection *connection = find_connection(node, vector);
    if (pnp_message_has(node, vector))
        return pnp_message_disconnect(node, task, vector);
    if (connection == nullptr)
        return STATUS_INVALID_PARAMETER;
    if (connection->task != task)
        return STATUS_ACCESS_DENIED;
    end_connection(connection);
    return STATUS_SUCCESS;
}

void pnp_interrupt_node_gone(const struct pnp_node *node)
{
    pnp_messages_node_gone(node);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].node == node)
            end_connection(&connections[i]);
}

void pnp_interrupt_task_gone(ash_word task)
{
    pnp_messages_task_gone(task);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].node != nullptr && connections[i].task == task)
            end_connection(&connections[i]);
}

void pnp_line_signalled(unsigned number)
{
    struct line *line = number < LINES ? &lines[number] : nullptr;
    if (line == nullptr || line->irq == 0)
        return;
    bool owed = false;
    line->signalled = port_now();
    line->claimed = false;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &connections[i];
        if (connection->node == nullptr || connection->line != line)
            continue;
        connection->owes = !connection->direct;
        line->claimed |= connection->direct; /* it does not say */
        owed |= connection->owes;
        port_signal(connection->notification);
    }
    line->deadline = owed ? port_now() + port_ticks(DEADLINE_MS) : 0;
    pnp_irp_alarm();
}

static bool anybody_owes(const struct line *line)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].node != nullptr && connections[i].line == line && connections[i].owes)
            return true;
    return false;
}

static uint64_t hundred_ns(ash_word ticks)
{
    return ticks * 10000 / port_ticks(1);
}

static void hold(struct line *line, ash_word now, uint64_t hundreds)
{
    line->held = now + hundreds * port_ticks(1) / 10000 + 1;
    if (line->told == 0 || now >= line->told)
        port_log("interrupt %u comes again and again, and no driver claims it: it is held back",
                 (unsigned)line->source);
    line->told = now + port_ticks(TELL_AGAIN_MS);
    pnp_irp_alarm();
}

/* All drivers have acknowledged. */
static void let_through(struct line *line)
{
    ash_word now = port_now(), work = now - line->signalled;
    line->deadline = 0;
    if (line->claimed) {
        ash_moderation_gain(&line->moderation);
        port_irq_ack(line->irq);
        return;
    }
    uint64_t due = ash_moderation_charge(&line->moderation, hundred_ns(now), hundred_ns(work));
    if (due <= hundred_ns(now))
        port_irq_ack(line->irq);
    else
        hold(line, now, due - hundred_ns(now));
}

/* Numbers from CONNECTIONS on: a line one of whose debtors has left. */
ash_status pnp_interrupt_ack(unsigned number, bool claimed)
{
    struct line *line;
    if (number >= CONNECTIONS) {
        line = &lines[number - CONNECTIONS];
    } else {
        if (connections[number].node == nullptr)
            return STATUS_INVALID_PARAMETER;
        line = connections[number].line;
        if (!connections[number].owes)
            return STATUS_SUCCESS; /* it has acknowledged before */
        connections[number].owes = false;
    }
    line->claimed |= claimed;
    if (!anybody_owes(line))
        let_through(line);
    return STATUS_SUCCESS;
}

static void end_debtors(struct line *line)
{
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &connections[i];
        if (connection->node == nullptr || connection->line != line || !connection->owes)
            continue;
        char path[96];
        pnp_node_instance(connection->node, path, sizeof(path));
        port_log("%s does not acknowledge the shared interrupt %u: disconnected", path,
                 (unsigned)line->source);
        end_connection(connection);
    }
}

static ash_word earlier(ash_word a, ash_word b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

ash_word pnp_interrupt_deadlines(ash_word now)
{
    ash_word next = 0;
    for (unsigned i = 0; i < LINES; i++) {
        struct line *line = &lines[i];
        if (line->irq == 0)
            continue;
        if (line->held != 0 && line->held <= now) {
            line->held = 0;
            port_irq_ack(line->irq);
        }
        if (line->deadline != 0 && line->deadline <= now)
            end_debtors(line);
        else
            next = earlier(next, line->deadline);
        next = earlier(next, line->held);
    }
    return next;
}
