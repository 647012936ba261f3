// SPDX-License-Identifier: MIT
/*
 * A file system's next task mounts the volumes that the dead one had, one after the other, before
 * anything else is handed over to it: the device that it makes for a volume takes the place of the
 * one that was there. A volume that it does not mount again is unmounted, and its files fail.
 *
 * A volume is mounted again when what the dead task had sent to it is answered: what it wrote last
 * is on the disk, or will never be.
 *
 * Invariant: `remounting` is the volume that is being mounted, or 0. Who dies meanwhile begins
 * anew.
 */
#include "manager.h"

#define AGAIN 8u

static struct io_device *mounted_by(const struct io_volume *volume, const struct io_driver *driver)
{
    struct io_device *mounted = volume != nullptr ? io_device_find(volume->mounted) : nullptr;
    return mounted != nullptr && mounted->driver == driver ? mounted : nullptr;
}

static struct io_device *next_volume(const struct io_driver *driver)
{
    struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        const struct io_device *mounted = mounted_by(device->volume, driver);
        if (mounted != nullptr && mounted->orphan)
            return device;
    }
    return nullptr;
}

/* What the driver makes now is `only`, or, if that is null, any of them. */
static void withhold(const struct io_driver *driver, const struct io_device *only)
{
    struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++)
        if (device->driver == driver)
            device->withheld = only != nullptr && device != only;
}

void io_remount_stop(struct io_driver *driver)
{
    if (driver->remount)
        withhold(driver, nullptr);
    driver->remount = false;
    driver->remounting = 0;
}

/* A link by which a driver that is dead had sent something. */
static struct io_link *left_behind(void)
{
    struct io_link *link = io_link_first();
    while (link != nullptr && (link->state != IO_LINK_REMOVING || link->kind == ASH_LINK_FILE ||
                               io_task_find(link->requester) != nullptr))
        link = link->next;
    return link;
}

static void go_on(void *context, ash_status)
{
    struct io_driver *driver = io_driver_find((ash_word)context);
    if (driver != nullptr && driver->kept && driver->remount)
        io_remount(driver);
}

/* True if something has to happen first. */
static bool waits(const struct io_driver *driver, const struct io_device *volume)
{
    struct io_driver *below = io_stack_top((struct io_device *)volume)->driver;
    struct io_link *left = left_behind();
    if (below->kept)
        return io_wait(&below->resumed, go_on, (void *)driver->id);
    return left != nullptr && io_wait(&left->waiters, go_on, (void *)driver->id);
}

static bool below_died(ash_status status)
{
    return status == STATUS_DRIVER_PROCESS_TERMINATED || status == STATUS_DEVICE_REMOVED ||
           status == STATUS_NO_SUCH_DEVICE || status == STATUS_DEVICE_NOT_READY;
}

static void remounted(void *context, const struct io_control_answer *answer)
{
    struct io_driver *driver = io_driver_find((ash_word)context);
    struct io_device *device = io_device_find(driver->remounting);
    if (driver->remounting == 0)
        return; /* that was the task before */
    driver->remounting = 0;
    const struct io_device *mounted =
        device != nullptr ? mounted_by(device->volume, driver) : nullptr;
    bool same = ash_success(answer->status) && mounted != nullptr && !mounted->orphan &&
                answer->result[0] == mounted->id;
    if (same)
        device->volume->again = 0;
    if (mounted != nullptr && !same &&
        (!below_died(answer->status) || device->volume->again++ >= AGAIN)) {
        port_log("%s could not be mounted again: 0x%08x\n", device->name, (unsigned)answer->status);
        io_mount_lost(device->volume);
    }
    io_remount(driver);
}

static void mount(struct io_driver *driver, struct io_device *device)
{
    const struct io_device *file_system = io_device_find(device->volume->file_system);
    if (file_system == nullptr || file_system->orphan || file_system->driver != driver) {
        io_mount_lost(device->volume);
        io_remount(driver);
        return;
    }
    struct ash_device_info info = io_stack_top(device)->info;
    withhold(driver, mounted_by(device->volume, driver));
    driver->remounting = device->id;
    io_control_send(driver, &(struct io_control_request){.major = IO_MJ_FILE_SYSTEM_CONTROL,
                                                         .minor = IO_MN_MOUNT_VOLUME,
                                                         .device = file_system->id,
                                                         .parameter = {device->id},
                                                         .data = &info,
                                                         .bytes = sizeof(info),
                                                         .done = remounted,
                                                         .context = (void *)driver->id});
}

void io_remount(struct io_driver *driver)
{
    struct io_device *device = next_volume(driver);
    driver->remount = device != nullptr;
    if (device == nullptr) {
        withhold(driver, nullptr);
        io_recover_hand_over(driver);
    } else if (driver->remounting == 0 && !waits(driver, device)) {
        mount(driver, device);
    }
}
