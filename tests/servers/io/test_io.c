// SPDX-License-Identifier: MIT
// Drivers, devices, stacks and opens against fake drivers and clients.
#include "kit.h"

TEST(only_the_right_ones_may)
{
    begin();
    struct ash_io_load_driver_request load = {.name = "x", .image = "x"};
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_LOAD_DRIVER, &load, sizeof(load), 0)->status,
             STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_REGISTER, nullptr, 0, 1)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_FLUSH_ALL, nullptr, 0, 0)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(CLIENT(1), 0x7777, nullptr, 0, 1)->status, STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(open_path(CLIENT(1), "C:\\x")->status, STATUS_DEVICE_NOT_READY);
}

TEST(driver_gets_ready_and_pnp_is_told)
{
    begin();
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_WATCH, nullptr, 0, 1)->status, STATUS_SUCCESS);
    struct fake_driver driver = fake_driver_start("ready");
    struct ash_io_event_reply event = last_event();
    CHECK_EQ(event.kind, ASH_IO_EVENT_DRIVER_READY);
    CHECK_EQ(event.driver, driver.id);
    CHECK_STR(event.name, "ready");
    CHECK_EQ(driver.requests->magic, ASH_LINK_MAGIC);
    CHECK_EQ(driver.requests->kind, ASH_LINK_CONTROL);
    CHECK_EQ(fake_call(driver.task, ASH_IO_REGISTER, nullptr, 0, 1)->status,
             STATUS_INVALID_PARAMETER);
}

TEST(missing_image_is_refused)
{
    begin();
    struct ash_io_load_driver_request load = {.name = "none", .image = "missing"};
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_LOAD_DRIVER, &load, sizeof(load), 0)->status,
             STATUS_DRIVER_UNABLE_TO_LOAD);
}

TEST(device_names)
{
    begin();
    struct fake_driver driver = fake_driver_start("names");
    CHECK(fake_device(&driver, "\\Device\\Harddisk7\\DR0", 7) != 0);
    CHECK_EQ(fake_device(&driver, "\\Device\\Harddisk7\\DR0", 7), 0);
    CHECK_EQ(fake_device(&driver, "\\Driver\\Fake", 7), 0);
    ash_word unnamed = fake_device(&driver, "", 0x22);
    CHECK(unnamed != 0);
    CHECK_EQ(device_call(CLIENT(1), ASH_IO_DEVICE_INFO, unnamed)->status, STATUS_SUCCESS);
    struct fake_driver other = fake_driver_start("names2");
    CHECK_EQ(device_call(other.task, ASH_IO_DELETE_DEVICE, unnamed)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(device_call(driver.task, ASH_IO_DELETE_DEVICE, unnamed)->status, STATUS_SUCCESS);
    CHECK_EQ(device_call(driver.task, ASH_IO_DELETE_DEVICE, unnamed)->status,
             STATUS_NO_SUCH_DEVICE);
}

static ash_status make_link(ash_word task)
{
    const struct ash_io_symlink_request request = {"\\DosDevices\\COM2", "\\Device\\Again"};
    return fake_call(task, ASH_IO_CREATE_SYMLINK, &request, sizeof(request), 0)->status;
}

TEST(a_driver_that_is_started_again_finds_neither_name_nor_link_in_its_way)
{
    begin();
    struct fake_driver first = fake_driver_start("again");
    CHECK(fake_device(&first, "\\Device\\Again", 0x22) != 0);
    CHECK_EQ(make_link(first.task), STATUS_SUCCESS);
    CHECK_EQ(make_link(first.task), STATUS_OBJECT_NAME_COLLISION);
    fake_die(first.task, ASH_PROC_CRASHED);
    struct fake_driver second = fake_driver_start("again2");
    CHECK(fake_device(&second, "\\Device\\Again", 0x22) != 0);
    CHECK_EQ(make_link(second.task), STATUS_SUCCESS);
    CHECK_EQ(make_link(second.task), STATUS_OBJECT_NAME_COLLISION);
}

TEST(symbolic_links_only_to_own_devices)
{
    begin();
    struct fake_driver driver = fake_driver_start("links"), other = fake_driver_start("links2");
    fake_device(&driver, "\\Device\\Linked", 0x22);
    struct ash_io_symlink_request request = {"\\DosDevices\\COM1", "\\Device\\Linked"};
    CHECK_EQ(fake_call(other.task, ASH_IO_CREATE_SYMLINK, &request, sizeof(request), 0)->status,
             STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(driver.task, ASH_IO_CREATE_SYMLINK, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
    CHECK_EQ(fake_call(other.task, ASH_IO_DELETE_SYMLINK, &request, sizeof(request), 0)->status,
             STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(driver.task, ASH_IO_DELETE_SYMLINK, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
}

TEST(open_links_then_creates_then_answers)
{
    begin();
    struct fake_driver driver = fake_driver_start("open");
    ash_word device = fake_device(&driver, "\\Device\\Open", 0x22);
    struct fake_answer *answer = open_path(client(1), "/Device/open/a/b");
    CHECK_EQ(answer->count, 0);
    uint16_t slot;
    struct ash_request *request = fake_take(&driver, &slot);
    CHECK(request != nullptr && request->major == ASH_MJ_LINK_ADDED);
    struct ash_link_info info;
    memcpy(&info, fake_inline(&driver, slot), sizeof(info));
    CHECK_EQ(info.peer, CLIENT(1));
    CHECK_EQ(info.kind, ASH_LINK_FILE);
    const struct ash_io_link_request accept = {info.link};
    CHECK(fake_call(driver.task, ASH_IO_LINK_ACCEPT, &accept, sizeof(accept), 0)->cap != 0);
    CHECK_EQ(fake_call(CLIENT(2), ASH_IO_LINK_ACCEPT, &accept, sizeof(accept), 0)->status,
             STATUS_ACCESS_DENIED);
    fake_answer_slot(&driver, slot, STATUS_SUCCESS, 0);
    request = fake_take(&driver, &slot);
    CHECK(request != nullptr && request->major == IO_MJ_CREATE);
    CHECK_EQ(request->device, device);
    CHECK_EQ(request->parameter[3], info.link);
    CHECK_EQ(request->inline_size, 4);
    CHECK_MEM(fake_inline(&driver, slot), "\\a\\b", 4);
    ash_word file = request->file;
    fake_answer_slot(&driver, slot, STATUS_SUCCESS, 2);
    CHECK_EQ(answer->count, 1);
    CHECK_EQ(REPLY(ash_io_open_reply, answer).file, file);
    CHECK_EQ(REPLY(ash_io_open_reply, answer).information, 2);
    CHECK_EQ(REPLY(ash_io_open_reply, answer).new_link, 1);

    struct fake_answer *again = open_path(CLIENT(1), "\\Device\\Open");
    CHECK(fake_serve(&driver, IO_MJ_CREATE, STATUS_SUCCESS, 1)); /* the link is shared */
    CHECK_EQ(REPLY(ash_io_open_reply, again).new_link, 0);

    const struct ash_io_file_request close = {file};
    CHECK_EQ(fake_call(CLIENT(2), ASH_IO_CLOSE, &close, sizeof(close), 0)->status,
             STATUS_INVALID_HANDLE);
    struct fake_answer *closed = fake_call(CLIENT(1), ASH_IO_CLOSE, &close, sizeof(close), 0);
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    CHECK_EQ(closed->count, 0);
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_CLOSE, &close, sizeof(close), 0)->status,
             STATUS_INVALID_HANDLE);
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    CHECK_EQ(closed->count, 1);
    CHECK(io_file_find(file) == nullptr);
}

TEST(failed_create_reaches_the_caller)
{
    begin();
    struct fake_driver driver = fake_driver_start("refuse");
    fake_device(&driver, "\\Device\\Refuse", 0x22);
    struct fake_answer *answer = open_path(client(1), "\\Device\\Refuse\\x");
    CHECK(fake_serve(&driver, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, IO_MJ_CREATE, STATUS_OBJECT_NAME_NOT_FOUND, 0));
    CHECK_EQ(answer->count, 1);
    CHECK_EQ(answer->status, STATUS_OBJECT_NAME_NOT_FOUND);
    struct fake_answer *second = open_path(CLIENT(1), "\\Device\\Refuse\\y");
    CHECK(fake_serve(&driver, IO_MJ_CREATE, STATUS_SUCCESS, 1));
    CHECK_EQ(REPLY(ash_io_open_reply, second).new_link, 1); /* nobody told the client before */
    CHECK(second->cap != ASH_NULL_CPTR);
    CHECK_EQ(open_path(CLIENT(1), "\\Device\\Nothing")->status, STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_path(CLIENT(1), "\\Device")->status, STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(open_path(CLIENT(1), "relative")->status, STATUS_OBJECT_NAME_INVALID);
}

TEST(create_that_is_never_answered_times_out_and_is_undone_later)
{
    begin();
    struct fake_driver driver = fake_driver_start("slow");
    fake_device(&driver, "\\Device\\Slow", 0x22);
    struct fake_answer *answer = open_path(client(1), "\\Device\\Slow");
    CHECK(fake_serve(&driver, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    uint16_t slot;
    CHECK(fake_take(&driver, &slot) != nullptr);
    CHECK_EQ(fake_alarm, fake_time + ASH_IO_DEADLINE_MS);
    fake_time += ASH_IO_DEADLINE_MS + 1;
    io_alarm();
    CHECK_EQ(answer->count, 1);
    CHECK_EQ(answer->status, STATUS_IO_TIMEOUT);
    CHECK_EQ(fake_alarm, 0);
    fake_answer_slot(&driver, slot, STATUS_SUCCESS, 1); /* now nobody wants the file */
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    CHECK_EQ(answer->count, 1);
    CHECK(io_file_first() == nullptr || io_file_first()->task != CLIENT(1) ||
          io_file_first()->open);
}

TEST(exclusive_device_opens_once)
{
    begin();
    struct fake_driver driver = fake_driver_start("exclusive");
    struct ash_io_create_device_request request = {.exclusive = 1, .name = "\\Device\\Excl"};
    fake_call(driver.task, ASH_IO_CREATE_DEVICE, &request, sizeof(request), 0);
    CHECK_EQ(open_served(client(1), "\\Device\\Excl", &driver)->status, STATUS_SUCCESS);
    CHECK_EQ(open_path(client(2), "\\Device\\Excl")->status, STATUS_ACCESS_DENIED);
}

/* pnp sends ADD_DEVICE for `pdo` through its link, as the ledger shows it. */
static void owe_add_device(const struct fake_driver *driver, ash_word pdo)
{
    const struct ash_io_manager_link_request request = {driver->id};
    struct fake_answer *answer =
        fake_call(ASH_TASK_PNP, ASH_IO_MANAGER_LINK, &request, sizeof(request), 0);
    const struct ash_link_info *info = &REPLY(ash_io_attach_reply, answer).link;
    struct ash_request *slot = (struct ash_request *)((char *)info->requests + 4096);
    slot->major = ASH_MJ_ADD_DEVICE;
    slot->minor = 0;
    slot->device = pdo;
    atomic_store(&slot->sequence, 1);
}

static struct fake_answer *attach(const struct fake_driver *driver, ash_word source,
                                  ash_word target)
{
    const struct ash_io_attach_request request = {source, target};
    return fake_call(driver->task, ASH_IO_ATTACH, &request, sizeof(request), 0);
}

TEST(attaching_needs_add_device_and_makes_a_link)
{
    begin();
    struct fake_driver bus = fake_driver_start("bus"), function = fake_driver_start("function");
    ash_word pdo = fake_device(&bus, "\\Device\\Pdo", 0x2a);
    ash_word fdo = fake_device(&function, "\\Device\\Fdo", 0x22);
    CHECK_EQ(attach(&function, fdo, pdo)->status, STATUS_ACCESS_DENIED);
    owe_add_device(&function, pdo);
    CHECK_EQ(attach(&function, pdo, pdo)->status, STATUS_ACCESS_DENIED);
    struct fake_answer *answer = attach(&function, fdo, pdo);
    CHECK_EQ(answer->status, STATUS_SUCCESS);
    struct ash_io_attach_reply reply = REPLY(ash_io_attach_reply, answer);
    CHECK_EQ(reply.lower.device, pdo);
    CHECK_EQ(reply.link.kind, ASH_LINK_DEVICE);
    CHECK_EQ(reply.link.peer, bus.task);
    CHECK_EQ(attach(&function, fdo, pdo)->status, STATUS_INVALID_PARAMETER);
    CHECK(fake_serve(&bus, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    struct fake_answer *stack = device_call(ASH_TASK_PNP, ASH_IO_STACK, pdo);
    CHECK_EQ(REPLY(ash_io_stack_reply, stack).count, 2);
    CHECK_EQ(REPLY(ash_io_stack_reply, stack).entry[0].device, fdo);
    CHECK_EQ(io_device_find(fdo)->info.stack_size, 2);

    struct fake_answer *opened = open_path(client(1), "\\Device\\Pdo"); /* goes to the top */
    CHECK(fake_take(&function, &(uint16_t){0}) == nullptr ||
          true); /* MANAGER_LINK's LINK_ADDED was taken first */
    uint16_t slot;
    const struct ash_request *request = fake_take(&function, &slot);
    CHECK(request != nullptr && request->major == ASH_MJ_LINK_ADDED);
    CHECK_EQ(opened->count, 0);

    CHECK_EQ(device_call(bus.task, ASH_IO_DETACH, pdo)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(device_call(function.task, ASH_IO_DETACH, pdo)->status, STATUS_SUCCESS);
    CHECK(io_link_find(reply.link.link) != nullptr);
    CHECK(fake_serve(&bus, ASH_MJ_LINK_REMOVED, STATUS_SUCCESS, 0));
    CHECK(io_link_find(reply.link.link) == nullptr);
}

TEST(a_device_is_opened_without_its_stack)
{
    begin();
    struct fake_driver bus = fake_driver_start("bus4"), function = fake_driver_start("function4");
    ash_word pdo = fake_device(&bus, "\\Device\\Pdo4", 0x2a);
    ash_word fdo = fake_device(&function, "\\Device\\Fdo4", 0x22);
    owe_add_device(&function, pdo);
    CHECK_EQ(attach(&function, fdo, pdo)->status, STATUS_SUCCESS);
    CHECK(fake_serve(&bus, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    struct ash_io_open_request request = {
        .access = 1, .disposition = 1, .options = ASH_IO_OPEN_UNATTACHED};
    snprintf(request.path, sizeof(request.path), "\\Device\\Pdo4\\file");
    CHECK_EQ(fake_call(client(1), ASH_IO_OPEN, &request, sizeof(request), 0)->status,
             STATUS_INVALID_PARAMETER);
    snprintf(request.path, sizeof(request.path), "\\Device\\Pdo4");
    struct fake_answer *answer = fake_call(client(1), ASH_IO_OPEN, &request, sizeof(request), 0);
    CHECK(fake_serve(&bus, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    uint16_t slot;
    const struct ash_request *create = fake_take(&bus, &slot);
    CHECK(create != nullptr && create->major == 0 && create->device == pdo);
    fake_answer_slot(&bus, slot, STATUS_SUCCESS, 1);
    CHECK_EQ(answer->status, STATUS_SUCCESS);
    CHECK_EQ(REPLY(ash_io_open_reply, answer).device.device, pdo);
}

TEST(a_dead_drivers_device_leaves_its_stack)
{
    begin();
    struct fake_driver bus = fake_driver_start("bus2"), first = fake_driver_start("first");
    struct fake_driver second = fake_driver_start("second");
    ash_word pdo = fake_device(&bus, "\\Device\\Pdo2", 0x2a);
    ash_word old = fake_device(&first, "\\Device\\Old", 0x22);
    ash_word fdo = fake_device(&second, "\\Device\\New", 0x22);
    owe_add_device(&first, pdo);
    CHECK_EQ(attach(&first, old, pdo)->status, STATUS_SUCCESS);
    fake_die(first.task, ASH_PROC_CRASHED);
    owe_add_device(&second, pdo);
    struct fake_answer *answer = attach(&second, fdo, pdo);
    CHECK_EQ(answer->status, STATUS_SUCCESS);
    CHECK_EQ(REPLY(ash_io_attach_reply, answer).lower.device, pdo); /* not the dead one */
    CHECK_EQ(REPLY(ash_io_stack_reply, device_call(ASH_TASK_PNP, ASH_IO_STACK, pdo)).count, 2);
    CHECK(io_device_find(old) == nullptr);
}

TEST(the_last_file_of_a_stack_is_told)
{
    begin();
    struct fake_driver driver = fake_driver_start("files");
    ash_word device = fake_device(&driver, "\\Device\\Files", 0x22);
    struct fake_answer *opened = open_served(client(1), "\\Device\\Files", &driver);
    CHECK_EQ(device_call(driver.task, ASH_IO_FILES, device)->status, STATUS_ACCESS_DENIED);
    struct fake_answer *files = device_call(ASH_TASK_PNP, ASH_IO_FILES, device);
    CHECK_EQ(REPLY(ash_io_files_reply, files).count, 1);
    CHECK_EQ(REPLY(ash_io_files_reply, files).mounted, 0);
    const struct ash_io_file_request close = {REPLY(ash_io_open_reply, opened).file};
    fake_call(CLIENT(1), ASH_IO_CLOSE, &close, sizeof(close), 0);
    CHECK(last_event().kind != ASH_IO_EVENT_FILES_CLOSED);
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    struct ash_io_event_reply event = last_event();
    CHECK_EQ(event.kind, ASH_IO_EVENT_FILES_CLOSED);
    CHECK_EQ(event.driver, device);
    files = device_call(ASH_TASK_PNP, ASH_IO_FILES, device);
    CHECK_EQ(REPLY(ash_io_files_reply, files).count, 0);
}

TEST(more_control_requests_than_slots_wait_in_order)
{
    begin();
    struct fake_driver driver = fake_driver_start("queue");
    fake_device(&driver, "\\Device\\Queue", 0x22);
    CHECK_EQ(open_served(client(1), "\\Device\\Queue", &driver)->status, STATUS_SUCCESS);
    struct fake_answer *answers[40];
    for (unsigned i = 0; i < 40; i++) {
        char path[32];
        snprintf(path, sizeof(path), "\\Device\\Queue\\%02u", i);
        answers[i] = open_path(CLIENT(1), path);
    }
    for (unsigned i = 0; i < 40; i++) {
        uint16_t slot;
        CHECK(fake_take(&driver, &slot) != nullptr);
        CHECK_EQ(fake_inline(&driver, slot)[2], '0' + (char)(i % 10));
        fake_answer_slot(&driver, slot, STATUS_SUCCESS, 1);
        CHECK_EQ(answers[i]->count, 1);
    }
}

TEST(pnp_has_the_root_device)
{
    begin();
    struct fake_answer *answer = fake_call(ASH_TASK_PNP, ASH_IO_REGISTER, nullptr, 0, 2);
    CHECK_EQ(answer->status, STATUS_SUCCESS);
    const struct fake_driver pnp = {.task = ASH_TASK_PNP};
    ash_word root = fake_device(&pnp, "", 0x2a);
    CHECK(root != 0);
    struct fake_driver driver = fake_driver_start("devicetree");
    owe_add_device(&driver, root);
    ash_word fdo = fake_device(&driver, "", 0x2a);
    answer = attach(&driver, fdo, root);
    CHECK_EQ(answer->status, STATUS_SUCCESS);
    CHECK_EQ(REPLY(ash_io_attach_reply, answer).link.peer, ASH_TASK_PNP);
}

TEST(empty_path_is_refused)
{
    begin();
    CHECK_EQ(open_path(client(1), "")->status, STATUS_OBJECT_NAME_INVALID);
}

/* Puts a READ for the file into the client's ring, as lib/io does. */
static void submit(ash_word link_id, ash_word file, struct ash_requester *ring)
{
    const struct io_link *link = io_link_find(link_id);
    const struct ash_link_info info = {.link = link_id,
                                       .requests = (ash_word)link->ledger.requests,
                                       .answers = (ash_word)link->ledger.answers,
                                       .slots = link->ledger.slots,
                                       .inline_bytes = link->ledger.inline_bytes};
    ash_requester_init(ring, &info);
    int slot = ash_requester_alloc(ring);
    CHECK_EQ(slot, 0);
    ash_requester_request(ring, slot)->major = 3;
    ash_requester_request(ring, slot)->file = file;
    ash_requester_submit(ring, slot, 1);
}

static uint32_t reference(ash_word task, ash_word link, ash_word slot)
{
    const struct ash_io_reference_request request = {link, slot, 40};
    fake_duplicated = (struct ash_ob_duplicate_request){};
    return (uint32_t)fake_call(task, ASH_IO_REFERENCE_HANDLE, &request, sizeof(request), 0)->status;
}

TEST(handle_means_something_while_a_request_is_owed)
{
    begin();
    struct fake_driver driver = fake_driver_start("refer"), other = fake_driver_start("refer2");
    (void)fake_device(&driver, "\\Device\\Refer", 0x22);
    struct fake_answer *opened = open_served(client(7), "\\Device\\Refer", &driver);
    const struct ash_io_open_reply open = REPLY(ash_io_open_reply, opened);
    static struct ash_requester ring;
    const uint32_t no = (uint32_t)STATUS_INVALID_HANDLE;
    CHECK_EQ(reference(driver.task, open.link.link, 0), no); /* nothing is owed */
    submit(open.link.link, open.file, &ring);
    CHECK_EQ(reference(driver.task, open.link.link, 0), 0);
    CHECK_EQ(fake_duplicated.from, CLIENT(7));
    CHECK_EQ(fake_duplicated.handle, 40);
    CHECK_EQ(fake_duplicated.to, driver.task);
    CHECK_EQ(reference(driver.task, open.link.link, 1), no);
    CHECK_EQ(reference(driver.task, open.link.link, ~(ash_word)0), no);
    CHECK_EQ(reference(driver.task, open.link.link + 100, 0), no);
    CHECK_EQ(reference(other.task, open.link.link, 0), no); /* not its request */
    CHECK_EQ(reference(CLIENT(7), open.link.link, 0), (uint32_t)STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_duplicated.to, 0);
    CHECK_EQ(reference(driver.task, io_driver_of(driver.task)->control->id, 0), no);
    io_link_end(io_link_find(open.link.link), STATUS_DEVICE_REMOVED);
    CHECK_EQ(reference(driver.task, open.link.link, 0), no);
}

TEST(handle_closes_after_cleanup_when_the_driver_keeps_a_request)
{
    begin();
    struct fake_driver driver = fake_driver_start("keeper");
    (void)fake_device(&driver, "\\Device\\Keeper", 0x22);
    struct fake_answer *opened = open_served(client(8), "\\Device\\Keeper", &driver);
    const struct ash_io_open_reply open = REPLY(ash_io_open_reply, opened);
    static struct ash_requester ring;
    submit(open.link.link, open.file, &ring);
    const struct ash_io_file_request close = {open.file};
    struct fake_answer *closed = fake_call(CLIENT(8), ASH_IO_CLOSE, &close, sizeof(close), 0);
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    CHECK_EQ(closed->count, 1); /* the handle is gone */
    CHECK_EQ(closed->status, STATUS_SUCCESS);
    CHECK(io_file_find(open.file) != nullptr); /* the file object is not */
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    CHECK_EQ(closed->count, 1);
    CHECK(io_file_find(open.file) == nullptr);
}
