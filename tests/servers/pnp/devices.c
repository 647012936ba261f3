// SPDX-License-Identifier: MIT
/* See devices.h. */
#include "devices.h"
#include "drivers/quiesce.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ash_word root_pdo, children[4];
unsigned child_count;
struct pnp_node *root, *device;
bool with_filters, with_restarts, with_iommu, deaf;
uint8_t lying_address;
struct behaviour behaviour[256]; /* of the function driver, by minor code */
ash_status eject_status;
uint8_t capabilities;
ash_word related, state_flags;

static void list_ids(struct machine_answer *answer, const ash_word *ids, unsigned count)
{
    answer->status = STATUS_SUCCESS;
    answer->out_bytes = count * 8;
    memcpy(answer->out, ids, count * sizeof(*ids));
}

static bool is_iommu(ash_word pdo_id)
{
    return with_iommu && pdo_id == children[child_count - 1];
}

static void list_interrupt(struct machine_answer *answer)
{
    struct pnp_resources list = {.count = 1};
    list.item[0] = (struct pnp_resource){.type = PNP_INTERRUPT,
                                         .share = 1,
                                         .flags = PNP_INTERRUPT_LATCHED,
                                         .start = 36,
                                         .length = 1};
    answer->out_bytes = pnp_resources_build(&list, answer->out, sizeof(answer->out));
    answer->status = STATUS_SUCCESS;
}

/* PCI functions: device 1, 2, ... of bus 0. */
static bool iommu_pdo(const struct machine_irp *irp, struct machine_answer *answer)
{
    if (irp->minor == 0x13 && irp->parameter[0] < 2 && is_iommu(irp->device)) {
        machine_text(answer, "DT\\riscv,iommu", irp->parameter[0] == 1);
    } else if (irp->minor == 0x0a && is_iommu(irp->device)) {
        list_interrupt(answer);
    } else if (irp->minor == 0x15 && !is_iommu(irp->device)) {
        memset(answer->out, 0, 24);
        answer->out[16] = 5; /* PCIBus */
        answer->out_bytes = 24;
        answer->status = STATUS_SUCCESS;
    } else {
        return false;
    }
    return true;
}

static uint8_t place_of(ash_word pdo_id)
{
    uint8_t place = 0;
    while (place < 4 && children[place] != pdo_id)
        place++;
    return (uint8_t)(place + 1);
}

static bool pdo(const struct machine_irp *irp, struct machine_answer *answer)
{
    if (with_iommu && iommu_pdo(irp, answer))
        return true;
    char text[16];
    switch (irp->minor) {
    case 0x13:
        snprintf(text, sizeof(text), "%u", (unsigned)irp->device % 100);
        if (irp->parameter[0] < 2)
            machine_text(answer, "TEST\\Device", irp->parameter[0] == 1);
        else if (irp->parameter[0] == 3)
            machine_text(answer, text, false);
        return true;
    case 0x09:
        memcpy(answer->out, irp->in, irp->in_bytes);
        answer->out[4] = capabilities;
        if (with_iommu) /* Address: device << 16 */
            memcpy(answer->out + 8, (uint8_t[]){0, 0, place_of(irp->device), 0}, 4);
        answer->out_bytes = irp->in_bytes;
        answer->status = STATUS_SUCCESS;
        return true;
    case 0x11:
        machine_note("eject:%u ", (unsigned)irp->device % 100);
        answer->status = eject_status;
        if (ash_success(eject_status))
            child_count--;
        return true;
    case 0x12:
        machine_note("lock%u:%u ", (unsigned)irp->parameter[0], (unsigned)irp->device % 100);
        answer->status = STATUS_SUCCESS;
        return true;
    case PNP_MN_QUIESCE_DEVICE:
        machine_note("quiesce:%u ", (unsigned)irp->device % 100);
        answer->status = deaf ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
        return true;
    case 0x19:
        machine_note("enumerated:%u ", (unsigned)irp->device % 100);
        return true;
    case 0x02:
    case 0x17:
        machine_note("pdo%02x:%u ", irp->minor, (unsigned)irp->device % 100);
        answer->status = STATUS_SUCCESS;
        return true;
    default:
        return true;
    }
}

static bool add(ash_word task, const struct machine_irp *irp, struct machine_answer *answer)
{
    machine_note("add%u ", (unsigned)task);
    machine_attach(task, irp->device, machine_add_device(task));
    answer->status = STATUS_SUCCESS;
    return true;
}

static bool bus(ash_word task, const struct machine_irp *irp, struct machine_answer *answer)
{
    for (unsigned i = 0; i < 4; i++)
        if (children[i] == irp->device && irp->major == 0x1b)
            return pdo(irp, answer);
    if (irp->major == ASH_MJ_ADD_DEVICE)
        return add(task, irp, answer);
    answer->status = STATUS_SUCCESS;
    if (irp->minor == 0x01 || irp->minor == 0x03 || irp->minor == 0x02)
        machine_note("bus%02x ", irp->minor);
    if (irp->minor == 0x07 && irp->parameter[0] == 0)
        list_ids(answer, children, child_count);
    return true;
}

/* The drivers above a child: the trace names the task that got the IRP first. */
static bool stack_driver(ash_word task, const struct machine_irp *irp,
                         struct machine_answer *answer)
{
    if (irp->major == ASH_MJ_ADD_DEVICE)
        return add(task, irp, answer);
    if (irp->minor != 0x09 && irp->minor != 0x14 && irp->minor != 0x07)
        machine_note("%u:%02x ", (unsigned)task, irp->minor);
    answer->status = behaviour[irp->minor].status;
    if (irp->minor == 0x09 && lying_address != 0) {
        answer->out[4] = PNP_REMOVABLE;
        memcpy(answer->out + 8, (uint8_t[]){0, 0, lying_address, 0}, 4);
        answer->out_bytes = irp->in_bytes;
    }
    if (irp->minor == 0x07) {
        answer->status = STATUS_NOT_SUPPORTED;
        if (irp->parameter[0] != 0)
            machine_note("rel%u ", (unsigned)irp->parameter[0]);
        if (irp->parameter[0] == 3 && related != 0)
            list_ids(answer, &related, 1);
    }
    if (irp->minor == 0x14)
        answer->information = state_flags;
    return !behaviour[irp->minor].hangs;
}

void add_inf(const char *path, const char *service, const char *hardware, const char *more)
{
    char *text = malloc(2048);
    int used = snprintf(text, 2048,
                        "[Version]\nSignature=\"$Windows NT$\"\nDriverVer=11/22/2026,1.0.0.0\n"
                        "[Manufacturer]\nM=Models,NTriscv64\n[Models.NTriscv64]\n"
                        "\"A test device\"=Install,%s\n[Install.NTriscv64]\n"
                        "[Install.NTriscv64.Services]\nAddService=%s,2,Service\n[Service]\n"
                        "ServiceType=1\nStartType=0\nErrorControl=1\nServiceBinary=%%13%%\\%s\n%s",
                        hardware, service, service, more);
    pnp_database_add(path, text, (size_t)used);
}

void clear(void)
{
    pnp_operation_clear();
    while (pnp_nodes != nullptr) {
        pnp_irp_abandon(pnp_nodes);
        pnp_node_free(pnp_nodes);
    }
    pnp_root = nullptr;
    pnp_database_clear();
    pnp_driver_clear();
    pnp_fault_clear();
}

static char *list_of(const char *string)
{
    char *list = calloc(strlen(string) + 2, 1);
    return strcpy(list, string);
}

void boot(unsigned count)
{
    static const char filters[] =
        "[Install.NTriscv64.HW]\nAddReg=F\n[F]\nHKR,,\"UpperFilters\",0x00010000,\"up\"\n"
        "HKR,,\"LowerFilters\",0x00010000,\"low\"\n";
    static const char restarts[] =
        "[Install.NTriscv64.HW]\nAddReg=F\n[F]\nHKR,,\"RestartLimit\",0x00010001,3\n";
    const char *more = with_restarts ? restarts : "";
    child_count = count;
    root_pdo = machine_add_device(SELF);
    for (unsigned i = 0; i < 4; i++)
        children[i] = machine_add_device(BUS);
    add_inf("drivers/bus/bus.inf", "bus", "ROOT\\DEVICETREE", more);
    add_inf("drivers/func/func.inf", "func", "TEST\\Device", with_filters ? filters : more);
    machine_add_driver("bus", BUS, STATUS_SUCCESS, bus);
    machine_add_driver("func", FUNC, STATUS_SUCCESS, stack_driver);
    machine_add_driver("low", LOW, STATUS_SUCCESS, stack_driver);
    machine_add_driver("up", UP, STATUS_SUCCESS, stack_driver);
    root = pnp_node_new(nullptr, root_pdo, pnp_driver_adopt("PnpManager", 1, SELF));
    root->device_id = list_of("ROOT\\DEVICETREE");
    root->hardware_ids = list_of("ROOT\\DEVICETREE");
    pnp_step_run(root, PNP_STEP_MATCH);
    machine_pump();
    device = root->child;
}

void start(unsigned count)
{
    clear();
    machine_reset();
    memset(behaviour, 0, sizeof(behaviour));
    eject_status = STATUS_SUCCESS;
    capabilities = 0;
    related = state_flags = 0;
    boot(count);
}

void start_with_filters(void)
{
    with_filters = true;
    start(1);
    with_filters = false;
}

void operate(enum ash_pnp_operation kind, struct pnp_node *node)
{
    machine_clear_trace();
    if (pnp_operate(kind, node, 7) != STATUS_PENDING)
        machine_note("refused ");
    machine_pump();
}
