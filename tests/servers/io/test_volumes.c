// SPDX-License-Identifier: MIT
// Mounting, and the ends of things: drivers and clients that die, links that break, shutting down.
#include "kit.h"

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

TEST(who_accuses_a_manager_dies)
{
    begin();
    struct fake_driver driver = fake_driver_start("accuser");
    const struct ash_io_link_request request = {io_driver_of(driver.task)->control->id};
    unsigned killed = fake_killed;
    CHECK_EQ(fake_call(driver.task, ASH_IO_PROTOCOL_ERROR, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
    CHECK_EQ(fake_killed, killed + 1);
    CHECK_EQ(fake_last_killed, driver.task);
    fake_die(driver.task, ASH_PROC_EXITED);
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

TEST(unload_is_refused_while_in_use)
{
    begin();
    struct fake_driver driver = fake_driver_start("used");
    struct fake_driver filter = fake_driver_start("above");
    ash_word lower = fake_device(&driver, "\\Device\\Used", 0x22);
    ash_word upper = fake_device(&filter, "", 0x22);
    const struct ash_io_driver_request request = {driver.id};
    struct fake_answer *opened = open_served(client(1), "\\Device\\Used", &driver);
    const struct ash_io_open_reply reply = REPLY(ash_io_open_reply, opened);
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_UNLOAD_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_DEVICE_BUSY);
    const struct ash_io_file_request close = {reply.file};
    fake_call(CLIENT(1), ASH_IO_CLOSE, &close, sizeof(close), 0);
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    CHECK_EQ(io_stack_attach(io_device_find(upper), io_device_find(lower)), STATUS_SUCCESS);
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_UNLOAD_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_DEVICE_BUSY);
    fake_die(filter.task, ASH_PROC_EXITED);
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_UNLOAD_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
    CHECK_EQ(open_path(CLIENT(1), "\\Device\\Used")->status, STATUS_NO_SUCH_DEVICE);
}

TEST(unload_waits_for_files_that_are_being_closed)
{
    begin();
    struct fake_driver driver = fake_driver_start("closing");
    fake_device(&driver, "\\Device\\Closing", 0x22);
    const struct ash_io_driver_request request = {driver.id};
    struct fake_answer *opened = open_served(client(1), "\\Device\\Closing", &driver);
    const struct ash_io_file_request close = {REPLY(ash_io_open_reply, opened).file};
    fake_call(CLIENT(1), ASH_IO_CLOSE, &close, sizeof(close), 0);
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_UNLOAD_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
    CHECK_EQ(open_path(CLIENT(1), "\\Device\\Closing")->status, STATUS_NO_SUCH_DEVICE);
    CHECK(fake_serve(&driver, IO_MJ_CLEANUP, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, IO_MJ_CLOSE, STATUS_SUCCESS, 0));
    CHECK(fake_serve(&driver, ASH_MJ_UNLOAD, STATUS_SUCCESS, 0));
    fake_die(driver.task, ASH_PROC_EXITED);
    CHECK_EQ(last_event().kind, ASH_IO_EVENT_DRIVER_UNLOADED);
}

TEST(a_driver_without_unload_stays)
{
    begin();
    struct fake_driver driver = fake_driver_start("stays");
    io_driver_find(driver.id)->has_unload = false;
    const struct ash_io_driver_request request = {driver.id};
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_UNLOAD_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_INVALID_DEVICE_REQUEST);
    CHECK(!io_driver_find(driver.id)->unloading);
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
