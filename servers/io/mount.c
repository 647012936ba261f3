// SPDX-License-Identifier: MIT
// Volumes: which file system serves which, and their drive letters. A mount asks the file systems
// in the order they registered until one says something else than STATUS_UNRECOGNIZED_VOLUME.
// Invariants: while `mounting`, `file_system` is the control device being asked and `waiters` are
// told at the end; a volume has a letter only while it is mounted.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

#define FILE_SYSTEMS 8u
#define MOUNT_AGAIN  8u

static ash_word file_systems[FILE_SYSTEMS]; /* control devices, in order of registration */
static unsigned file_system_count;
static unsigned mounts_under_way;
static bool arriving;             /* a volume that arrived is being mounted */
static struct io_waiter *settled; /* callers of ASH_IO_MOUNTS */
static ash_word letters[26];      /* device id of the volume that has the letter */

struct io_device *io_mount_file_system(unsigned index)
{
    return index < file_system_count ? io_device_find(file_systems[index]) : nullptr;
}

bool io_volume_make(struct io_device *device)
{
    device->volume = calloc(1, sizeof(*device->volume));
    if (device->volume != nullptr)
        device->volume->device = device;
    return device->volume != nullptr;
}

static void letter_path(char letter, char path[16])
{
    memcpy(path, "\\DosDevices\\?:", 15);
    path[12] = letter;
}

static void drop_letter(struct io_volume *volume)
{
    char path[16];
    if (volume->letter == 0)
        return;
    letter_path(volume->letter, path);
    if (!ash_success(port_unlink(path)))
        port_log("drive letter %c: could not be removed\n", volume->letter);
    letters[volume->letter - 'A'] = 0;
    volume->letter = 0;
}

/* Gives the first free letter from C: on. */
static void assign_letter(struct io_volume *volume)
{
    char path[16];
    if (volume->letter != 0 || volume->device->object == 0)
        return;
    for (unsigned at = 'C' - 'A'; at < sizeof(letters) / sizeof(letters[0]); at++) {
        char letter = (char)('A' + at);
        if (letters[at] != 0)
            continue;
        letter_path(letter, path);
        if (!ash_success(port_symlink(path, volume->device->name)))
            continue; /* somebody else's link */
        letters[at] = volume->device->id;
        volume->letter = letter;
        return;
    }
}

static void finish(struct io_volume *volume, ash_status status)
{
    volume->mounting = false;
    volume->last_status = status;
    if (!ash_success(status))
        volume->file_system = 0;
    else
        assign_letter(volume);
    mounts_under_way--;
    io_wake(&volume->waiters, status);
    if (mounts_under_way == 0)
        io_wake(&settled, STATUS_SUCCESS);
}

void io_volume_free(struct io_volume *volume)
{
    drop_letter(volume);
    if (volume->mounting)
        finish(volume, STATUS_NO_SUCH_DEVICE);
    free(volume);
}

static void ask(struct io_volume *volume, unsigned from);
static bool waits_for_driver(const struct io_volume *volume);

/* What a mount's callback needs to find its way back. */
struct asking {
    ash_word device, file_system;
};

static struct io_volume *still_asking(const struct asking *asking)
{
    struct io_device *device = io_device_find(asking->device);
    return device != nullptr && device->volume != nullptr && device->volume->mounting &&
                   device->volume->file_system == asking->file_system
               ? device->volume
               : nullptr;
}

static ash_status accept(struct io_volume *volume, ash_word mounted)
{
    struct io_device *device = io_device_find(mounted);
    const struct io_device *file_system = io_device_find(volume->file_system);
    if (device == nullptr || file_system == nullptr || device->driver != file_system->driver)
        return STATUS_DEVICE_PROTOCOL_ERROR;
    volume->mounted = mounted;
    return STATUS_SUCCESS;
}

static unsigned place_of(ash_word file_system)
{
    unsigned i = 0;
    while (i < file_system_count && file_systems[i] != file_system)
        i++;
    return i;
}

/* The file system has its next task, or will not have one. */
static void ask_again(void *context, ash_status)
{
    const struct io_device *device = io_device_find((ash_word)context);
    if (device != nullptr && device->volume != nullptr && device->volume->mounting &&
        !waits_for_driver(device->volume))
        ask(device->volume, 0);
}

static bool waits_for_driver(const struct io_volume *volume)
{
    struct io_device *file_system = io_device_find(volume->file_system);
    return file_system != nullptr && file_system->driver->kept &&
           io_wait(&file_system->driver->resumed, ask_again, (void *)volume->device->id);
}

static void asked(void *context, const struct io_control_answer *answer)
{
    struct asking *asking = context;
    struct io_volume *volume = still_asking(asking);
    if (volume != nullptr &&
        !(answer->status == STATUS_DEVICE_REMOVED && waits_for_driver(volume))) {
        if (answer->status == STATUS_DRIVER_PROCESS_TERMINATED && volume->again++ < MOUNT_AGAIN)
            ask(volume, 0);
        else if (answer->status == STATUS_UNRECOGNIZED_VOLUME)
            ask(volume, place_of(asking->file_system) + 1);
        else if (ash_success(answer->status))
            finish(volume, accept(volume, answer->result[0]));
        else
            finish(volume, answer->status);
    }
    if (answer->status != STATUS_IO_TIMEOUT)
        free(asking);
}

/* Too late for those who waited; the volume is mounted for those who come. */
static void asked_late(void *context, const struct io_control_answer *answer)
{
    struct asking *asking = context;
    struct io_device *device = io_device_find(asking->device);
    if (ash_success(answer->status) && device != nullptr && device->volume != nullptr &&
        !device->volume->mounting && device->volume->mounted == 0) {
        device->volume->file_system = asking->file_system;
        if (ash_success(accept(device->volume, answer->result[0])))
            assign_letter(device->volume);
    }
    free(asking);
}

/* Asks the file systems from that index on. */
static void ask(struct io_volume *volume, unsigned from)
{
    struct io_device *file_system = io_mount_file_system(from);
    while (from < file_system_count && (file_system == nullptr || file_system->failed))
        file_system = io_mount_file_system(++from);
    struct asking *asking = from < file_system_count ? malloc(sizeof(*asking)) : nullptr;
    if (asking == nullptr) {
        finish(volume, from < file_system_count ? STATUS_NO_MEMORY : STATUS_UNRECOGNIZED_VOLUME);
        return;
    }
    volume->file_system = file_system->id;
    if (waits_for_driver(volume)) {
        free(asking);
        return;
    }
    *asking = (struct asking){volume->device->id, file_system->id};
    struct ash_device_info info = io_stack_top(volume->device)->info;
    io_control_send(file_system->driver,
                    &(struct io_control_request){.major = IO_MJ_FILE_SYSTEM_CONTROL,
                                                 .minor = IO_MN_MOUNT_VOLUME,
                                                 .device = file_system->id,
                                                 .parameter = {volume->device->id},
                                                 .data = &info,
                                                 .bytes = sizeof(info),
                                                 .done = asked,
                                                 .late = asked_late,
                                                 .context = asking});
}

void io_mount(struct io_volume *volume, void (*done)(void *, ash_status), void *context)
{
    if (volume->mounted != 0 || !io_wait(&volume->waiters, done, context)) {
        done(context, volume->mounted != 0 ? STATUS_SUCCESS : STATUS_NO_MEMORY);
        return;
    }
    if (volume->mounting)
        return;
    volume->mounting = true;
    volume->again = 0;
    mounts_under_way++;
    ask(volume, 0);
}

static void mount_next(void);

static void arrival_done(void *context, ash_status status)
{
    struct io_device *device = io_device_find((ash_word)context);
    arriving = false;
    if (device != nullptr && device->volume != nullptr && ash_success(status))
        port_log("%s is drive %c:\n", device->name,
                 device->volume->letter != 0 ? device->volume->letter : '?');
    else if (device != nullptr && status != STATUS_UNRECOGNIZED_VOLUME)
        port_log("%s could not be mounted: 0x%08x\n", device->name, (unsigned)status);
    mount_next();
}

/* Volumes that arrived are mounted one after the other, so that letters do not depend on which
 * file system answers first. */
static void mount_next(void)
{
    struct io_device *device;
    for (unsigned i = 0; !arriving && (device = io_device_at(i)) != nullptr; i++) {
        struct io_volume *volume = device->volume;
        if (volume == nullptr || !volume->arrived || volume->tried || volume->mounting ||
            volume->mounted != 0 || device->failed)
            continue;
        volume->tried = arriving = true;
        io_mount(volume, arrival_done, (void *)device->id);
    }
}

/* ASH_IO_VOLUME_ARRIVED */
void io_mount_arrived(const struct io_call *call)
{
    const struct ash_io_device_request *request = call->request;
    struct io_device *device = io_device_find(request->device);
    if (device == nullptr || device->volume == nullptr || device->deleted) {
        io_fail(call, device == nullptr ? STATUS_NO_SUCH_DEVICE : STATUS_INVALID_PARAMETER);
        return;
    }
    io_fail(call, STATUS_SUCCESS);
    device->volume->arrived = true;
    mount_next();
}

/* ASH_IO_REGISTER_FILE_SYSTEM: volumes that nobody recognised so far get another chance. */
void io_mount_register(const struct io_call *call)
{
    const struct ash_io_device_request *request = call->request;
    const struct io_device *device = io_device_find(request->device);
    ash_status status = STATUS_SUCCESS;
    if (device == nullptr || device->info.driver != call->task)
        status = device == nullptr ? STATUS_NO_SUCH_DEVICE : STATUS_ACCESS_DENIED;
    else if (file_system_count == FILE_SYSTEMS)
        status = STATUS_INSUFFICIENT_RESOURCES;
    io_fail(call, status);
    if (!ash_success(status) || place_of(device->id) < file_system_count)
        return; /* a driver that was started again says so again */
    file_systems[file_system_count++] = device->id;
    struct io_device *volume;
    for (unsigned i = 0; (volume = io_device_at(i)) != nullptr; i++) {
        if (volume->volume != nullptr)
            volume->volume->tried = false;
    }
    mount_next();
}

static void forget_file_system(unsigned index)
{
    memmove(&file_systems[index], &file_systems[index + 1],
            (file_system_count - index - 1) * sizeof(file_systems[0]));
    file_system_count--;
}

void io_mount_lost(struct io_volume *volume)
{
    drop_letter(volume);
    volume->mounted = 0;
    if (!volume->mounting)
        volume->file_system = 0;
}

void io_mount_driver_died(const struct io_driver *driver)
{
    struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        struct io_volume *volume = device->volume;
        const struct io_device *mounted =
            volume != nullptr ? io_device_find(volume->mounted) : nullptr;
        if (volume == nullptr ||
            (device->driver != driver && (mounted == nullptr || mounted->driver != driver)))
            continue;
        io_mount_lost(volume);
    }
    for (unsigned i = 0; i < file_system_count;) {
        const struct io_device *file_system = io_mount_file_system(i);
        if (file_system == nullptr || file_system->driver == driver)
            forget_file_system(i);
        else
            i++;
    }
}

static bool is_listed(const struct io_device *device)
{
    return device->volume != nullptr && (device->volume->arrived || device->volume->mounted != 0);
}

static void list(ash_word token, ash_word index)
{
    const struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        if (!is_listed(device) || index-- > 0)
            continue;
        const struct io_device *file_system = io_device_find(device->volume->file_system);
        struct ash_io_mount_reply reply = {.letter = (ash_word)device->volume->letter,
                                           .volume = device->id,
                                           .mounted = device->volume->mounted};
        strcpy(reply.volume_name, device->info.name);
        if (file_system != nullptr)
            strcpy(reply.file_system, file_system->driver->name);
        port_answer(token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
        return;
    }
    port_answer(token, STATUS_NO_MORE_ENTRIES, nullptr, 0, ASH_NULL_CPTR);
}

struct listing {
    ash_word token, index;
};

static void list_now(void *context, [[maybe_unused]] ash_status status)
{
    struct listing *listing = context;
    list(listing->token, listing->index);
    free(listing);
}

/* ASH_IO_MOUNTS */
void io_mount_list(const struct io_call *call)
{
    const struct ash_io_index_request *request = call->request;
    if (mounts_under_way == 0) {
        list(call->token, request->index);
        return;
    }
    struct listing *listing = malloc(sizeof(*listing));
    if (listing != nullptr)
        *listing = (struct listing){call->token, request->index};
    if (listing == nullptr || !io_wait(&settled, list_now, listing)) {
        free(listing);
        io_fail(call, STATUS_NO_MEMORY);
    }
}
