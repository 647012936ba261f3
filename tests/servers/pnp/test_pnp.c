// SPDX-License-Identifier: MIT
/* The way of devices, from a bus driver's first answer to their end, on a model machine. */
#include "ash_test.h"
#include "drivers/quiesce.h"
#include "machine.h"

enum { BUS_TASK = 20, FUNCTION_TASK = 21, OTHER_TASK = 22, SELF = 6 };

static ash_word root_pdo, children[20];
static unsigned child_count;
static ash_status function_add, function_start, function_entry;
static bool hang_start, volumes, shared, silent_id;
static struct pnp_node *root;

static void resources_of(ash_word device, struct machine_answer *answer)
{
    struct pnp_resources list = {.count = 2, .interface = 0};
    list.item[0] = (struct pnp_resource){
        .type = PNP_MEMORY, .start = 0x10000000 + (device & 0xff) * 0x1000, .length = 0x1000};
    list.item[1] = (struct pnp_resource){.type = PNP_INTERRUPT,
                                         .share = shared ? PNP_SHARED : 1,
                                         .start = shared ? 33 : 10 + (device & 0xff),
                                         .length = 1};
    answer->out_bytes = pnp_resources_build(&list, answer->out, sizeof(answer->out));
    answer->status = STATUS_SUCCESS;
}

static bool id(const struct machine_irp *irp, struct machine_answer *answer)
{
    char text[64];
    switch (irp->parameter[0]) {
    case 0:
    case 1:
        if (silent_id && irp->parameter[0] == 0)
            return true; /* STATUS_NOT_SUPPORTED */
        machine_text(answer, volumes ? "STORAGE\\Volume" : "TEST\\Device|TEST\\Any",
                     irp->parameter[0] == 1);
        return true;
    case 3:
        snprintf(text, sizeof(text), "%u", (unsigned)irp->device);
        machine_text(answer, text, false);
        return true;
    default:
        return true;
    }
}

static bool pdo(const struct machine_irp *irp, struct machine_answer *answer)
{
    switch (irp->minor) {
    case 0x13:
        return id(irp, answer);
    case 0x09:
        memcpy(answer->out, irp->in, irp->in_bytes);
        answer->out[5] = volumes ? 1 : 0; /* RawDeviceOK */
        answer->out_bytes = irp->in_bytes;
        answer->status = STATUS_SUCCESS;
        return true;
    case 0x15:
        memset(answer->out, 0, 24);
        answer->out[16] = 5; /* PCIBus */
        answer->out_bytes = 24;
        answer->status = STATUS_SUCCESS;
        return true;
    case 0x0a:
        if (!volumes)
            resources_of(irp->device, answer);
        return true;
    case PNP_MN_QUIESCE_DEVICE:
        answer->status = STATUS_SUCCESS;
        return true;
    case 0x00:
    case 0x02:
    case 0x17:
        machine_note("pdo%02x:%u ", irp->minor, (unsigned)irp->device % 100);
        answer->status = STATUS_SUCCESS;
        return true;
    default:
        return true;
    }
}

/* The bus driver: its FDO on the root PDO, and the PDOs of its children. */
static bool bus(ash_word task, const struct machine_irp *irp, struct machine_answer *answer)
{
    for (unsigned i = 0; i < 20; i++)
        if (children[i] == irp->device && irp->major == 0x1b)
            return pdo(irp, answer);
    if (irp->major == ASH_MJ_ADD_DEVICE) {
        machine_attach(task, irp->device, machine_add_device(task));
        answer->status = STATUS_SUCCESS;
        return true;
    }
    machine_note("bus%02x ", irp->minor);
    answer->status = STATUS_SUCCESS;
    if (irp->minor == 0x07)
        for (unsigned i = 0; i < child_count; i++, answer->out_bytes += 8)
            memcpy(answer->out + 8 * i, &children[i], 8);
    return true;
}

static bool function(ash_word task, const struct machine_irp *irp, struct machine_answer *answer)
{
    answer->status = STATUS_SUCCESS;
    if (irp->major == ASH_MJ_ADD_DEVICE) {
        answer->status = function_add;
        if (ash_success(function_add))
            machine_attach(task, irp->device, machine_add_device(task));
        machine_note("add:%u ", (unsigned)irp->device % 100);
        return true;
    }
    machine_note("fdo%02x ", irp->minor);
    if (irp->minor == 0x00) {
        answer->status = function_start;
        return !hang_start;
    }
    if (irp->minor == 0x07)
        answer->status = STATUS_NOT_SUPPORTED;
    if (irp->minor == 0x14)
        answer->information = 0;
    return true;
}

static void add_inf(const char *path, const char *service, const char *hardware)
{
    char *text = malloc(1024);
    int used = snprintf(text, 1024,
                        "[Version]\nSignature=\"$Windows NT$\"\nDriverVer=11/22/2026,1.0.0.0\n"
                        "[Manufacturer]\nM=Models,NTriscv64\n[Models.NTriscv64]\n"
                        "\"A test device\"=Install,%s\n[Install.NTriscv64]\n"
                        "[Install.NTriscv64.Services]\nAddService=%s,2,Service\n[Service]\n"
                        "ServiceType=1\nStartType=0\nErrorControl=1\nServiceBinary=%%13%%\\%s\n",
                        hardware, service, service);
    pnp_database_add(path, text, (size_t)used);
}

static void release_everything(void)
{
    while (pnp_nodes != nullptr) {
        pnp_irp_abandon(pnp_nodes);
        pnp_node_free(pnp_nodes);
    }
    pnp_root = nullptr;
    pnp_database_clear();
    pnp_driver_clear();
}

static void start(unsigned count)
{
    release_everything();
    machine_reset();
    function_add = function_start = function_entry = STATUS_SUCCESS;
    hang_start = volumes = shared = silent_id = false;
    child_count = count;
    root_pdo = machine_add_device(SELF);
    memset(children, 0, sizeof(children));
    for (unsigned i = 0; i < 20; i++)
        children[i] = machine_add_device(BUS_TASK);
    add_inf("drivers/bus/bus.inf", "bus", "ROOT\\DEVICETREE");
    add_inf("drivers/func/func.inf", "func", "TEST\\Device");
    add_inf("drivers/any/any.inf", "any", "TEST\\Any");
    machine_add_driver("bus", BUS_TASK, STATUS_SUCCESS, bus);
}

static char *list_of(const char *string)
{
    char *list = calloc(strlen(string) + 2, 1);
    return strcpy(list, string);
}

static void boot(void)
{
    machine_add_driver("func", FUNCTION_TASK, function_entry, function);
    struct pnp_driver *self = pnp_driver_adopt("PnpManager", 1, SELF);
    root = pnp_node_new(nullptr, root_pdo, self);
    root->device_id = list_of("ROOT\\DEVICETREE");
    root->hardware_ids = list_of("ROOT\\DEVICETREE");
    pnp_step_run(root, PNP_STEP_MATCH);
    machine_pump();
}

TEST(a_device_starts_in_the_documented_order)
{
    start(1);
    boot();
    CHECK_EQ(root->state, ASH_PNP_STARTED);
    CHECK(root->child != nullptr);
    CHECK_EQ(root->child->state, ASH_PNP_STARTED);
    CHECK_STR(root->child->description, "A test device");
    CHECK_STR(machine_trace,
              "load:bus:drivers/bus/bus bus00 bus09 bus14 bus07 load:func:drivers/func/func "
              "add:1 allow:21:10029000+1000 dma1:21:2329:ff fdo00 fdo09 fdo14 fdo07 ");
    CHECK(pnp_settled());
}

TEST(the_better_match_wins)
{
    start(1);
    boot();
    CHECK_STR(root->child->match.service, "func"); /* first hardware ID before the second */
}

TEST(a_device_without_driver_waits)
{
    start(1);
    pnp_database_clear();
    add_inf("drivers/bus/bus.inf", "bus", "ROOT\\DEVICETREE");
    boot();
    CHECK_EQ(root->child->state, ASH_PNP_NO_DRIVER);
    CHECK(pnp_settled());
}

TEST(a_raw_volume_starts_without_driver_and_is_announced)
{
    start(1);
    volumes = true;
    boot();
    CHECK_EQ(root->child->state, ASH_PNP_STARTED);
    CHECK(strstr(machine_trace, "pdo00:1 volume ") != nullptr);
}

TEST(a_pdo_without_device_id_fails)
{
    start(1);
    silent_id = true;
    boot();
    CHECK_EQ(root->child->state, ASH_PNP_FAILED);
    CHECK(pnp_settled());
}

TEST(a_failed_start_is_followed_by_remove)
{
    start(1);
    function_start = STATUS_UNSUCCESSFUL;
    boot();
    CHECK_EQ(root->child->state, ASH_PNP_FAILED);
    CHECK_EQ(root->child->status, STATUS_UNSUCCESSFUL);
    CHECK(strstr(machine_trace, "fdo00 [") != nullptr);
    CHECK(strstr(machine_trace, "fdo02 revoke:21:10029000+1000 dma0:21:2329 ") != nullptr);
    CHECK(strstr(machine_trace, "fdo17") == nullptr);
}

TEST(a_failed_add_device_has_no_remove)
{
    start(1);
    function_add = STATUS_NO_MEMORY;
    boot();
    CHECK_EQ(root->child->state, ASH_PNP_FAILED);
    CHECK_EQ(root->child->status, STATUS_NO_MEMORY);
    CHECK(strstr(machine_trace, "fdo02") == nullptr);
}

TEST(a_driver_entry_that_fails_or_hangs_fails_its_devices)
{
    start(2);
    function_entry = STATUS_UNSUCCESSFUL;
    boot();
    CHECK_EQ(root->child->state, ASH_PNP_FAILED);
    CHECK_EQ(root->child->sibling->state, ASH_PNP_FAILED);
    start(1);
    function_entry = STATUS_PENDING; /* never comes */
    boot();
    CHECK(!pnp_settled());
    machine_pass(60000);
    CHECK_EQ(root->child->status, STATUS_IO_TIMEOUT);
    CHECK(pnp_settled());
}

TEST(a_start_that_hangs_fails_at_its_deadline_and_the_rest_goes_on)
{
    start(2);
    hang_start = true;
    boot();
    CHECK(!pnp_settled());
    hang_start = false;
    machine_pass(40000);
    machine_pump();
    CHECK_EQ(root->child->state, ASH_PNP_FAILED);
    CHECK_EQ(root->child->status, STATUS_IO_TIMEOUT);
    CHECK(strstr(machine_trace, "cancel") != nullptr);
    CHECK(pnp_settled());
}

TEST(a_vanished_device_is_removed_by_surprise)
{
    start(2);
    boot();
    machine_clear_trace();
    child_count = 1;
    pnp_enumerate(root);
    machine_pump();
    CHECK(root->child != nullptr && root->child->sibling == nullptr);
    CHECK_STR(machine_trace, "bus07 fdo17 fdo02 revoke:21:1002a000+1000 dma0:21:232a ");
    CHECK(pnp_settled());
}

TEST(new_devices_are_found_when_relations_are_invalidated)
{
    start(1);
    boot();
    child_count = 3;
    pnp_enumerate(root);
    machine_pump();
    CHECK_EQ(root->child->sibling->sibling->state, ASH_PNP_STARTED);
    CHECK(pnp_settled());
}

TEST(more_devices_than_slots)
{
    start(20);
    boot();
    unsigned started = 0;
    for (struct pnp_node *node = root->child; node != nullptr; node = node->sibling)
        started += node->state == ASH_PNP_STARTED;
    CHECK_EQ(started, 20);
}

TEST(a_dead_function_driver_leaves_its_device_quiesced)
{
    start(1);
    boot();
    machine_clear_trace();
    machine_kill(FUNCTION_TASK);
    CHECK(strstr(machine_trace, "release") == nullptr); /* not before its bus was told */
    machine_pump();
    CHECK_EQ(root->child->state, ASH_PNP_FAILED);
    CHECK_EQ(root->child->status, STATUS_UNSUCCESSFUL);
    const char *removed = strstr(machine_trace, "pdo17:1 pdo02:1 ");
    const char *released = strstr(machine_trace, "release:21");
    CHECK(removed != nullptr && released != nullptr && removed < released);
    CHECK_EQ(root->state, ASH_PNP_STARTED);
    CHECK(pnp_settled());
}

TEST(a_driver_that_dies_in_start_is_quiesced_too)
{
    start(1);
    hang_start = true;
    boot();
    machine_clear_trace();
    machine_kill(FUNCTION_TASK);
    machine_pump();
    CHECK_EQ(root->child->state, ASH_PNP_FAILED);
    CHECK(strstr(machine_trace, "pdo02:1 ") != nullptr);
    CHECK(strstr(machine_trace, "release:21") != nullptr);
    CHECK(pnp_settled());
}

TEST(a_dead_bus_driver_takes_its_children_along)
{
    start(2);
    boot();
    machine_clear_trace();
    machine_kill(BUS_TASK);
    machine_pump();
    CHECK_EQ(root->state, ASH_PNP_FAILED);
    CHECK(root->child == nullptr);
    CHECK(strstr(machine_trace, "fdo02") != nullptr); /* the drivers above are told */
    CHECK(strstr(machine_trace, "release:20") != nullptr);
    CHECK(pnp_settled());
}

TEST(an_unknown_task_is_released_at_once)
{
    start(0);
    boot();
    machine_clear_trace();
    pnp_task_ended(77, STATUS_SUCCESS);
    CHECK_STR(machine_trace, "release:77 ");
}

TEST(a_lone_interrupt_goes_to_the_driver_directly)
{
    start(1);
    boot();
    ash_cptr capability;
    struct pnp_node *node = root->child;
    ash_word vector = node->translated->item[1].start;
    machine_clear_trace();
    CHECK_EQ(pnp_interrupt_connect(node, OTHER_TASK, vector, 1, &capability), STATUS_ACCESS_DENIED);
    CHECK_EQ(pnp_interrupt_connect(node, FUNCTION_TASK, vector + 1, 1, &capability),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(pnp_interrupt_connect(node, FUNCTION_TASK, vector, 1, &capability), STATUS_SUCCESS);
    CHECK(strstr(machine_trace, "bind:1 ") != nullptr);
    CHECK_EQ(pnp_interrupt_connect(node, FUNCTION_TASK, vector, 2, &capability),
             STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(pnp_interrupt_disconnect(node, FUNCTION_TASK, vector), STATUS_SUCCESS);
    CHECK(strstr(machine_trace, "dropirq") != nullptr);
    CHECK_EQ(pnp_interrupt_disconnect(node, FUNCTION_TASK, vector), STATUS_INVALID_PARAMETER);
}

TEST(a_shared_interrupt_is_acknowledged_when_all_have)
{
    start(2);
    shared = true;
    boot();
    ash_cptr one, two;
    struct pnp_node *first = root->child, *second = first->sibling;
    CHECK_EQ(pnp_interrupt_connect(first, FUNCTION_TASK, 33, 1, &one), STATUS_SUCCESS);
    CHECK_EQ(pnp_interrupt_connect(second, FUNCTION_TASK, 33, 2, &two), STATUS_SUCCESS);
    machine_clear_trace();
    pnp_line_signalled(0);
    CHECK(strstr(machine_trace, "signal:1 ") != nullptr);
    CHECK(strstr(machine_trace, "signal:2 ") != nullptr);
    CHECK_EQ(pnp_interrupt_ack((unsigned)(one - 10000), true), STATUS_SUCCESS);
    CHECK(strstr(machine_trace, "ack") == nullptr);
    CHECK_EQ(pnp_interrupt_ack((unsigned)(two - 10000), true), STATUS_SUCCESS);
    CHECK(strstr(machine_trace, "ack") != nullptr);
    pnp_line_signalled(0);
    CHECK_EQ(pnp_interrupt_ack((unsigned)(two - 10000), true), STATUS_SUCCESS);
    machine_clear_trace();
    machine_pass(6000); /* the first one does not: it is disconnected, the line goes on */
    CHECK(strstr(machine_trace, "does not acknowledge the shared interrupt 33") != nullptr);
    CHECK(strstr(machine_trace, "ack ") != nullptr);
    CHECK_EQ(pnp_interrupt_ack((unsigned)(one - 10000), true), STATUS_INVALID_PARAMETER);
    pnp_interrupt_node_gone(second);
}

TEST(properties_and_queries)
{
    start(1);
    boot();
    struct ash_pnp_property_reply property;
    struct ash_pnp_node_reply node;
    CHECK_EQ(pnp_property(root->child, 1, &property), STATUS_SUCCESS);
    CHECK_EQ(property.bytes, 2 * (12 + 9 + 1));
    CHECK_EQ(property.data[0], 'T');
    CHECK_EQ(pnp_property(root->child, 15, &property), STATUS_SUCCESS);
    CHECK_EQ(property.bytes, 2 * 5);
    CHECK_EQ(pnp_property(root->child, 99, &property), STATUS_INVALID_PARAMETER);
    pnp_query_node(root->child, &node);
    CHECK_EQ(node.resources, 2);
    CHECK_STR(node.service, "func");
    CHECK_STR(node.instance, "TEST\\Device\\9001");
    CHECK(pnp_query_order(0) == root->child);
    CHECK(pnp_query_order(1) == root);
    CHECK(pnp_query_order(2) == nullptr);
    CHECK(pnp_node_at(1) == root->child);
    CHECK(pnp_node_in_stack(FUNCTION_TASK, children[0]) == root->child);
    CHECK(pnp_node_in_stack(OTHER_TASK, children[0]) == nullptr);
    release_everything();
}

TEST(text_of_drivers_is_checked)
{
    const uint16_t good[] = {'a', 0xe4, 0xd83d, 0xde00, 0}, bad[] = {'a', 0xd83d, 'b', 0};
    char *text = pnp_text(good, sizeof(good), false);
    uint8_t back[32];
    CHECK_STR(text, "a\xc3\xa4\xf0\x9f\x98\x80");
    CHECK_EQ(pnp_text_utf16(text, false, back, sizeof(back)), sizeof(good));
    CHECK_MEM(back, good, sizeof(good));
    CHECK(pnp_text(bad, sizeof(bad), false) == nullptr);
    free(text);
    const char cut[] = {'a', (char)0xf0, (char)0x9f, 0, 'x', 0};
    CHECK_EQ(pnp_text_utf16(cut, false, back, sizeof(back)), 6);
    text = pnp_text(good, 3, false); /* no final zero, half a character */
    CHECK_STR(text, "a");
    free(text);
}
