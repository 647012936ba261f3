// SPDX-License-Identifier: MIT
// The I/O manager's state machines against fake drivers and clients: each test makes drivers of its
// own names, since the manager keeps driver records for ever.
#include "ash_test.h"
#include "fake_port.h"
#include "namespace.h"

#define CLIENT(n)           ((ash_word)(1000 + (n)))
#define REPLY(type, answer) (*(struct type *)(answer)->reply)

static void begin(void)
{
    static bool done;
    if (!done) {
        CHECK_EQ(ob_initialize(), STATUS_SUCCESS);
        CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_CLIENT, nullptr, 0, 1)->status, STATUS_SUCCESS);
    }
    done = true;
}

static struct fake_answer *open_path(ash_word task, const char *path)
{
    struct ash_io_open_request request = {.access = 1, .disposition = 1};
    snprintf(request.path, sizeof(request.path), "%s", path);
    return fake_call(task, ASH_IO_OPEN, &request, sizeof(request), 0);
}

static ash_word client(unsigned n)
{
    if (io_task_find(CLIENT(n)) == nullptr)
        fake_call(CLIENT(n), ASH_IO_CLIENT, nullptr, 0, 1);
    return CLIENT(n);
}

static struct fake_answer *device_call(ash_word task, ash_word op, ash_word device)
{
    const struct ash_io_device_request request = {device};
    return fake_call(task, op, &request, sizeof(request), 0);
}

/* Opens `path` on a driver and answers LINK_ADDED (if it comes) and CREATE. */
static struct fake_answer *open_served(ash_word task, const char *path, struct fake_driver *driver)
{
    struct fake_answer *answer = open_path(task, path);
    uint16_t slot;
    const struct ash_request *request;
    while ((request = fake_take(driver, &slot)) != nullptr)
        fake_answer_slot(driver, slot, STATUS_SUCCESS, request->major == 0 ? 1 : 0);
    return answer;
}

static struct ash_io_event_reply last_event(void)
{
    struct ash_io_event_reply event = {0};
    for (;;) {
        struct fake_answer *answer = fake_call(ASH_TASK_PNP, ASH_IO_EVENT, nullptr, 0, 0);
        if (!ash_success(answer->status) || answer->status == STATUS_NO_MORE_ENTRIES)
            return event;
        event = REPLY(ash_io_event_reply, answer);
    }
}

TEST(only_the_right_ones_may)
{
    begin();
    struct ash_io_load_driver_request load = {.name = "x", .image = "x"};
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_LOAD_DRIVER, &load, sizeof(load), 0)->status,
             STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_REGISTER, nullptr, 0, 2)->status, STATUS_ACCESS_DENIED);
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
    CHECK_EQ(fake_call(driver.task, ASH_IO_REGISTER, nullptr, 0, 2)->status,
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

static struct fake_driver file_system(const char *name, ash_word *control)
{
    struct fake_driver driver = fake_driver_start(name);
    char path[64];
    snprintf(path, sizeof(path), "\\FileSystem\\%s", name);
    *control = fake_device(&driver, path, 8);
    device_call(driver.task, ASH_IO_REGISTER_FILE_SYSTEM, *control);
    return driver;
}

TEST(volumes_mount_get_letters_and_lose_them)
{
    begin();
    ash_word control1, control2;
    struct fake_driver fs1 = file_system("fs1", &control1), fs2 = file_system("fs2", &control2);
    struct fake_driver partition = fake_driver_start("partition");
    ash_word volume = fake_device(&partition, "\\Device\\HarddiskVolume1", 7);
    CHECK_EQ(device_call(ASH_TASK_PNP, ASH_IO_VOLUME_ARRIVED, volume)->status, STATUS_SUCCESS);
    const struct ash_io_index_request index = {0};
    struct fake_answer *mounts = fake_call(client(1), ASH_IO_MOUNTS, &index, sizeof(index), 0);
    CHECK_EQ(mounts->count, 0); /* waits for the mount */
    struct fake_answer *opened = open_path(client(1), "\\Device\\HarddiskVolume1\\file");
    CHECK(fake_serve(&fs1, IO_MJ_FILE_SYSTEM_CONTROL, STATUS_UNRECOGNIZED_VOLUME, 0));
    uint16_t slot;
    struct ash_request *request = fake_take(&fs2, &slot);
    CHECK(request != nullptr && request->major == IO_MJ_FILE_SYSTEM_CONTROL);
    CHECK_EQ(request->minor, IO_MN_MOUNT_VOLUME);
    CHECK_EQ(request->device, control2);
    CHECK_EQ(request->parameter[0], volume);
    struct ash_device_info info;
    memcpy(&info, fake_inline(&fs2, slot), sizeof(info));
    CHECK_STR(info.name, "\\Device\\HarddiskVolume1");
    CHECK_EQ(device_call(fs1.task, ASH_IO_LINK_OPEN, volume)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(device_call(fs2.task, ASH_IO_LINK_OPEN, volume)->status, STATUS_SUCCESS);
    ash_word mounted = fake_device(&fs2, "", 8);
    fake_answer_slot(&fs2, slot, STATUS_SUCCESS, mounted);
    CHECK_EQ(mounts->count, 1);
    CHECK_EQ(REPLY(ash_io_mount_reply, mounts).letter, 'C');
    CHECK_STR(REPLY(ash_io_mount_reply, mounts).file_system, "fs2");
    CHECK(fake_serve(&fs2, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    request = fake_take(&fs2, &slot);
    CHECK(request != nullptr && request->major == IO_MJ_CREATE && request->device == mounted);
    fake_answer_slot(&fs2, slot, STATUS_SUCCESS, 1);
    CHECK_EQ(opened->count, 1);
    CHECK_EQ(open_served(client(1), "c:/other", &fs2)->status, STATUS_SUCCESS);

    fake_die(fs2.task, ASH_PROC_CRASHED);
    CHECK_EQ(open_path(client(1), "C:\\x")->status, STATUS_OBJECT_PATH_NOT_FOUND);
    struct fake_answer *late = open_path(client(1), "\\Device\\HarddiskVolume1\\x");
    CHECK(fake_serve(&fs1, IO_MJ_FILE_SYSTEM_CONTROL, STATUS_UNRECOGNIZED_VOLUME, 0));
    CHECK_EQ(late->status, STATUS_UNRECOGNIZED_VOLUME);
}

TEST(mounted_device_must_be_the_file_systems_own)
{
    begin();
    ash_word control;
    struct fake_driver fs = file_system("liar", &control);
    struct fake_driver partition = fake_driver_start("partition2");
    ash_word volume = fake_device(&partition, "\\Device\\HarddiskVolume2", 7);
    struct fake_answer *answer = open_path(client(1), "\\Device\\HarddiskVolume2\\x");
    uint16_t slot;
    struct fake_driver fs1 = {0};
    const struct io_driver *first = io_device_find(io_mount_file_system(0)->id)->driver;
    fs1.task = first->task_id;
    fs1.requests = (struct ash_link_requests *)(uintptr_t)first->control->ledger.requests;
    fs1.answers = first->control->ledger.answers;
    fs1.head = atomic_load(&fs1.requests->submit_tail) - 1;
    CHECK(fake_serve(&fs1, IO_MJ_FILE_SYSTEM_CONTROL, STATUS_UNRECOGNIZED_VOLUME, 0));
    CHECK(fake_take(&fs, &slot) != nullptr);
    fake_answer_slot(&fs, slot, STATUS_SUCCESS, volume);
    CHECK_EQ(answer->status, STATUS_DEVICE_PROTOCOL_ERROR);
    fake_die(fs.task, ASH_PROC_EXITED);
}

TEST(death_answers_what_was_owed)
{
    begin();
    struct fake_driver driver = fake_driver_start("dying");
    fake_device(&driver, "\\Device\\Dying", 0x22);
    struct fake_answer *opened = open_served(client(3), "\\Device\\Dying", &driver);
    const struct ash_io_open_reply reply = REPLY(ash_io_open_reply, opened);
    struct ash_link_requests *requests = (struct ash_link_requests *)reply.link.requests;
    struct ash_link_answers *answers = (struct ash_link_answers *)reply.link.answers;
    struct ash_request *slot5 = (struct ash_request *)((char *)requests + 4096) + 5;
    slot5->major = 3;
    slot5->device = reply.device.device;
    slot5->parameter[0] = 4096;
    atomic_store(&slot5->sequence, 1);

    ash_word index = 0;
    struct fake_answer *entry = fake_call(CLIENT(3), ASH_IO_LEDGER, &index, sizeof(index), 0);
    bool found = false;
    for (; ash_success(entry->status) && entry->status != STATUS_NO_MORE_ENTRIES;
         index++, entry = fake_call(CLIENT(3), ASH_IO_LEDGER, &index, sizeof(index), 0)) {
        const struct ash_io_ledger_reply *owed = &REPLY(ash_io_ledger_reply, entry);
        found = found || (owed->slot == 5 && owed->answerer == driver.task && owed->length == 4096);
    }
    CHECK(found);

    struct fake_answer *pending = open_path(CLIENT(3), "\\Device\\Dying\\more");
    CHECK_EQ(pending->count, 0);
    unsigned released = fake_released;
    fake_die(driver.task, ASH_PROC_CRASHED);
    const struct ash_answer *answer = (const struct ash_answer *)((char *)answers + 4096) + 5;
    CHECK_EQ(atomic_load(&answer->sequence), 1);
    CHECK_EQ((uint32_t)answer->status, (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ((uint32_t)atomic_load(&answers->ended), (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ(pending->count, 1);
    CHECK_EQ(pending->status, STATUS_DEVICE_REMOVED);
    CHECK_EQ(open_path(CLIENT(3), "\\Device\\Dying")->status, STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(fake_released, released + 1);
    struct ash_io_event_reply event = last_event();
    CHECK_EQ(event.kind, ASH_IO_EVENT_DRIVER_DIED);
    CHECK_STR(event.name, "dying");
    const struct ash_io_file_request close = {reply.file};
    CHECK_EQ(fake_call(CLIENT(3), ASH_IO_CLOSE, &close, sizeof(close), 0)->status, STATUS_SUCCESS);
    unsigned links = fake_links;
    fake_die(CLIENT(3), ASH_PROC_EXITED);
    CHECK_EQ(fake_links, links - 1);

    struct fake_driver second = fake_driver_start("dying"); /* its devices take the names again */
    CHECK(fake_device(&second, "\\Device\\Dying", 0x22) != 0);
    CHECK_EQ(open_served(client(1), "\\Device\\Dying", &second)->status, STATUS_SUCCESS);
}

TEST(dead_clients_files_are_closed)
{
    begin();
    struct fake_driver driver = fake_driver_start("server");
    fake_device(&driver, "\\Device\\Server", 0x22);
    CHECK_EQ(open_served(client(4), "\\Device\\Server", &driver)->status, STATUS_SUCCESS);
    struct fake_answer *second = open_path(CLIENT(4), "\\Device\\Server");
    uint16_t slot;
    CHECK(fake_take(&driver, &slot) != nullptr); /* its CREATE is out */
    unsigned links = fake_links;
    fake_die(CLIENT(4), ASH_PROC_CRASHED);
    CHECK(fake_serve(&driver, ASH_MJ_LINK_REMOVED, STATUS_SUCCESS, 0));
    CHECK_EQ(fake_links, links - 1);
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    fake_answer_slot(&driver, slot, STATUS_SUCCESS, 1);
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    CHECK(fake_take(&driver, &slot) == nullptr);
    CHECK_EQ(second->count, 1);
    for (const struct io_file *file = io_file_first(); file != nullptr; file = file->next)
        CHECK(file->task != CLIENT(4));
}

TEST(driver_that_answers_twice_is_killed)
{
    begin();
    struct fake_driver driver = fake_driver_start("twice");
    fake_device(&driver, "\\Device\\Twice", 0x22);
    open_path(client(1), "\\Device\\Twice");
    uint16_t slot;
    CHECK(fake_take(&driver, &slot) != nullptr);
    fake_answer_slot(&driver, slot, STATUS_SUCCESS, 0);
    unsigned killed = fake_killed;
    fake_answer_slot(&driver, 9, STATUS_SUCCESS, 0);
    CHECK_EQ(fake_killed, killed + 1);
    CHECK_EQ(fake_last_killed, driver.task);
    fake_die(driver.task, ASH_PROC_EXITED);
    const struct ash_io_index_request index = {driver.id - 1};
    struct fake_answer *answer = fake_call(client(1), ASH_IO_DRIVERS, &index, sizeof(index), 0);
    CHECK_EQ(REPLY(ash_io_driver_state_reply, answer).state, IO_DRIVER_FAILED);
    CHECK_EQ((uint32_t)REPLY(ash_io_driver_state_reply, answer).status,
             (uint32_t)STATUS_UNSUCCESSFUL);
}

TEST(wild_completion_tail_and_slots_are_rejected)
{
    begin();
    struct fake_driver driver = fake_driver_start("wild"), other = fake_driver_start("wild2");
    unsigned killed = fake_killed;
    atomic_store(&driver.answers->complete_tail, 5000);
    io_doorbell(~(ash_word)0);
    CHECK_EQ(fake_killed, killed + 1);
    other.answers->complete[0] = 65535;
    atomic_store(&other.answers->complete_tail, 1);
    io_doorbell(~(ash_word)0);
    CHECK_EQ(fake_killed, killed + 2);
    fake_die(driver.task, ASH_PROC_EXITED);
    fake_die(other.task, ASH_PROC_EXITED);
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

TEST(accused_link_ends_but_nobody_dies)
{
    begin();
    struct fake_driver driver = fake_driver_start("accused");
    fake_device(&driver, "\\Device\\Accused", 0x22);
    struct fake_answer *opened = open_served(client(1), "\\Device\\Accused", &driver);
    const struct ash_io_open_reply reply = REPLY(ash_io_open_reply, opened);
    const struct ash_io_link_request request = {reply.link.link};
    unsigned killed = fake_killed;
    CHECK_EQ(fake_call(client(2), ASH_IO_PROTOCOL_ERROR, &request, sizeof(request), 0)->status,
             STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_PROTOCOL_ERROR, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
    CHECK_EQ(fake_killed, killed);
    const struct ash_link_answers *answers = (const struct ash_link_answers *)reply.link.answers;
    CHECK_EQ((uint32_t)atomic_load(&answers->ended), (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
}

TEST(unload_ends_quietly)
{
    begin();
    struct fake_driver driver = fake_driver_start("unload");
    const struct ash_io_driver_request request = {driver.id};
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_UNLOAD_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
    CHECK(fake_serve(&driver, ASH_MJ_UNLOAD, STATUS_SUCCESS, 0));
    fake_die(driver.task, ASH_PROC_EXITED);
    CHECK_EQ(last_event().kind, ASH_IO_EVENT_DRIVER_UNLOADED);
}

TEST(flush_all_then_shutdown)
{
    begin();
    ash_word control;
    while (io_mount_file_system(0) != nullptr) /* those of earlier tests do not answer */
        fake_die(io_mount_file_system(0)->driver->task_id, ASH_PROC_EXITED);
    struct fake_driver fs = file_system("flushfs", &control);
    struct fake_driver partition = fake_driver_start("partition3");
    ash_word volume = fake_device(&partition, "\\Device\\HarddiskVolume9", 7);
    for (uint16_t slot; fake_take(&fs, &slot) != nullptr;) /* older volumes are offered */
        fake_answer_slot(&fs, slot, STATUS_UNRECOGNIZED_VOLUME, 0);
    device_call(ASH_TASK_PNP, ASH_IO_VOLUME_ARRIVED, volume);
    ash_word mounted = fake_device(&fs, "", 8);
    CHECK(fake_serve(&fs, IO_MJ_FILE_SYSTEM_CONTROL, STATUS_SUCCESS, mounted));
    struct fake_answer *answer = fake_call(ASH_TASK_POWER, ASH_IO_FLUSH_ALL, nullptr, 0, 0);
    uint16_t slot;
    const struct ash_request *request = fake_take(&fs, &slot);
    CHECK(request != nullptr && request->major == IO_MJ_FLUSH_BUFFERS);
    CHECK_EQ(request->device, mounted);
    CHECK_EQ(answer->count, 0);
    fake_answer_slot(&fs, slot, STATUS_SUCCESS, 0);
    CHECK(fake_serve(&fs, IO_MJ_SHUTDOWN, STATUS_SUCCESS, 0));
    CHECK_EQ(answer->count, 1);
    CHECK_EQ(answer->status, STATUS_SUCCESS);
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
