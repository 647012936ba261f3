// SPDX-License-Identifier: MIT
// Devices: devtree, dma, irps.
#include "ash/manager.h"
#include "ash/syscall.h"
#include "io.h"
#include "pnp.h"
#include "shell.h"

#include <string.h>

enum { RESOURCE_PORT = 1, RESOURCE_INTERRUPT = 2, RESOURCE_MEMORY = 3, RESOURCE_MEMORY_LARGE = 7 };
enum { RESOURCE_MESSAGE = 2 }; /* CM_RESOURCE_INTERRUPT_MESSAGE */

static const char *node_state(ash_word state)
{
    static const char *const names[] = {
        "not initialised", "no driver",      "driver loading", "added",
        "started",         "stopped",        "removed",        "failed",
        "disabled",        "remove pending", "stop pending",   "removed, files are still open"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static const char *dma_state(ash_word state)
{
    static const char *const names[] = {"off", "not enforced", "enforced", "not enforced, copied"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void print_resource(const struct ash_pnp_resource_reply *r)
{
    char size[16];
    unsigned long start = (unsigned long)r->start;
    if (r->type == RESOURCE_INTERRUPT)
        printf(r->flags & RESOURCE_MESSAGE ? "  message %lu" : "  irq %lu", start);
    else if (r->type == RESOURCE_MEMORY || r->type == RESOURCE_MEMORY_LARGE)
        printf("  mem 0x%lx +%s", start, print_size(r->length, size));
    else if (r->type == RESOURCE_PORT)
        printf("  port 0x%lx +%s", start, print_size(r->length, size));
}

static void print_resources(const struct ash_pnp_node_reply *node)
{
    struct ash_pnp_resource_request request = {.node = node->node};
    struct ash_pnp_resource_reply resource;
    for (; request.index < node->resources; request.index++) {
        if (ash_request(ASH_SLOT_PNP, ASH_PNP_RESOURCE, &request, sizeof(request), &resource,
                        sizeof(resource)) == STATUS_SUCCESS)
            print_resource(&resource);
    }
}

static void print_node(const struct ash_pnp_node_reply *node)
{
    int indent = 2 * (int)(node->depth < 20 ? node->depth : 20);
    printf("%*s%s\n", indent, "", node->instance);
    printf("%*s    %s%s%s: %s", indent, "", node->description,
           node->description[0] != '\0' ? ", " : "", node->service[0] != '\0' ? node->service : "-",
           node_state(node->state));
    if (!ash_success((ash_status)(uint32_t)node->status))
        printf(" (%s)", status_name((ash_status)(uint32_t)node->status));
    if (node->restarts != 0)
        printf(", %lu restarts", (unsigned long)node->restarts);
    if (node->dma != ASH_PNP_DMA_NONE)
        printf("  DMA: %s", dma_state(node->dma));
    print_resources(node);
    printf("\n");
}

static int devtree(int, char **)
{
    struct ash_pnp_node_request request = {0};
    struct ash_pnp_node_reply node;
    for (;; request.index++) {
        ash_status status =
            ash_request(ASH_SLOT_PNP, ASH_PNP_NODE, &request, sizeof(request), &node, sizeof(node));
        if (status == STATUS_NO_MORE_ENTRIES)
            return 0;
        if (!ash_success(status))
            return shell_fail("devtree", status);
        print_node(&node);
    }
}

static void print_dma(const struct ash_pnp_dma_reply *dma)
{
    if (dma->node == 0)
        printf("devices that no bus driver has found\n");
    else
        printf("%s\n", dma->instance);
    printf("    %s%s%s: DMA: %s%s", dma->service[0] != '\0' ? dma->service : "-",
           dma->location[0] != '\0' ? ", " : "", dma->location, dma_state(dma->state),
           dma->cut_off ? ", cut off" : "");
    printf(", refused %lu times", (unsigned long)dma->faults);
    if (dma->faults != 0)
        printf(", last: %s at 0x%lx: %s (cause %lu)", dma->kind, (unsigned long)dma->address,
               dma->reason, (unsigned long)dma->cause);
    printf("\n");
}

static int dma(int, char **)
{
    struct ash_pnp_node_request request = {0};
    struct ash_pnp_dma_reply reply;
    ash_word lost = 0;
    for (;; request.index++) {
        ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_DMA, &request, sizeof(request),
                                        &reply, sizeof(reply));
        if (status == STATUS_NO_MORE_ENTRIES)
            break;
        if (!ash_success(status))
            return shell_fail("dma", status);
        print_dma(&reply);
        lost = reply.lost;
    }
    if (lost != 0)
        printf("the IOMMU had no room for more records %lu times\n", (unsigned long)lost);
    return 0;
}

static const char *major_name(ash_word major)
{
    static const char *const names[] = {
        "CREATE",         "CREATE_NAMED_PIPE",   "CLOSE",           "READ",
        "WRITE",          "QUERY_INFORMATION",   "SET_INFORMATION", "QUERY_EA",
        "SET_EA",         "FLUSH_BUFFERS",       "QUERY_VOLUME",    "SET_VOLUME",
        "DIRECTORY",      "FILE_SYSTEM_CONTROL", "DEVICE_CONTROL",  "INTERNAL_CONTROL",
        "SHUTDOWN",       "LOCK_CONTROL",        "CLEANUP",         "CREATE_MAILSLOT",
        "QUERY_SECURITY", "SET_SECURITY",        "POWER",           "SYSTEM_CONTROL",
        "DEVICE_CHANGE",  "QUERY_QUOTA",         "SET_QUOTA",       "PNP"};
    static const char *const kit[] = {"ADD_DEVICE", "LINK_ADDED", "LINK_REMOVED", "UNLOAD",
                                      "PROBE"};
    if (major >= ASH_MJ_ADD_DEVICE && major - ASH_MJ_ADD_DEVICE < sizeof(kit) / sizeof(kit[0]))
        return kit[major - ASH_MJ_ADD_DEVICE];
    return major < sizeof(names) / sizeof(names[0]) ? names[major] : "?";
}

static int irps(int, char **)
{
    struct ash_io_index_request request = {0};
    struct ash_io_ledger_reply irp;
    for (;; request.index++) {
        char age[24];
        ash_status status =
            ash_request(ASH_SLOT_IO, ASH_IO_LEDGER, &request, sizeof(request), &irp, sizeof(irp));
        if (status == STATUS_NO_MORE_ENTRIES)
            break;
        if (!ash_success(status))
            return shell_fail("irps", status);
        if (request.index == 0)
            printf("%-16s %-16s %-20s %10s  %s\n", "OWES", "TO", "REQUEST", "SINCE", "DEVICE");
        ash_word now = ash_time();
        printf("%-16s %-16s %-17s.%02lx %10s  %s", irp.answerer_name, irp.requester_name,
               major_name(irp.major), (unsigned long)irp.minor,
               print_ticks(now > irp.submitted ? now - irp.submitted : 0, age), irp.device_name);
        if (irp.major == 3 || irp.major == 4)
            printf("  %lu bytes at %lu", (unsigned long)irp.length, (unsigned long)irp.offset);
        printf("\n");
    }
    if (request.index == 0)
        printf("nobody owes an answer\n");
    return 0;
}

const struct command shell_device_commands[] = {
    {"devtree", 0, 0, "", "devices as a tree: driver, state, resources", devtree},
    {"dma", 0, 0, "", "devices that do DMA: enforced or not, what was refused", dma},
    {"irps", 0, 0, "", "the ledger: who owes what to whom since when", irps},
    {},
};
