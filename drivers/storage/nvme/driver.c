// SPDX-License-Identifier: MIT
//
// The driver as drivers/common/diskfdo.h wants it: PnP and power states in terms of the controller
// and its queues.
#include "controller.h"

const ULONG DiskFdoBytes = sizeof(struct controller);

NTSTATUS DiskFdoInitialize(PVOID controller)
{
    struct controller *nvme = controller;
    WatchInitialize(nvme);
    nvme->reset_work = IoAllocateWorkItem(nvme->self);
    return nvme->reset_work ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

VOID DiskFdoFree(PVOID controller)
{
    struct controller *nvme = controller;
    (VOID) KeWaitForSingleObject(&nvme->reset_done, Executive, KernelMode, FALSE, NULL);
    DisksDelete(nvme);
    IoFreeWorkItem(nvme->reset_work);
    for (ULONG i = 0; i < NVME_QUEUES_MOST; i++)
        if (nvme->queues[i])
            ExFreePoolWithTag(nvme->queues[i], NVME_TAG);
}

static NTSTATUS run(struct controller *nvme)
{
    NTSTATUS status = ControllerRun(nvme);
    if (NT_SUCCESS(status))
        status = DisksFind(nvme);
    if (NT_SUCCESS(status))
        NvmeResume(nvme, TRUE);
    return status;
}

NTSTATUS DiskFdoStart(PVOID controller, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    struct controller *nvme = controller;
    UNREFERENCED_PARAMETER(raw);
    NvmeLock(nvme);
    NTSTATUS status = HardwareAcquire(nvme, translated);
    if (NT_SUCCESS(status)) {
        status = run(nvme);
        if (!NT_SUCCESS(status))
            HardwareRelease(nvme);
    }
    NvmeUnlock(nvme);
    return status;
}

VOID DiskFdoHold(PVOID controller)
{
    NvmeLock(controller);
    NvmeHold(controller);
    NvmeUnlock(controller);
}

// Runs a controller that is held, and lets its requests go.
VOID DiskFdoGoOn(PVOID controller)
{
    struct controller *nvme = controller;
    NvmeLock(nvme);
    BOOLEAN held = nvme->started && nvme->queue_count && nvme->queues[0]->state == NVME_HELD;
    if (held && !nvme->disabled)
        NvmeResume(nvme, FALSE);
    else if (held && !NT_SUCCESS(run(nvme)))
        NvmeAbandon(nvme, STATUS_ADAPTER_HARDWARE_ERROR);
    NvmeUnlock(nvme);
}

// The queues are idle since QUERY_STOP; what came in meanwhile waits for the next START.
VOID DiskFdoStop(PVOID controller)
{
    struct controller *nvme = controller;
    NvmeLock(nvme);
    NvmeHold(nvme);
    if (nvme->started)
        ControllerShutdown(nvme);
    HardwareRelease(nvme);
    NvmeUnlock(nvme);
}

VOID DiskFdoEnd(PVOID controller, BOOLEAN gone)
{
    struct controller *nvme = controller;
    NvmeLock(nvme);
    if (nvme->started && !gone) {
        NvmeHold(nvme);
        ControllerShutdown(nvme);
    } else if (nvme->started) {
        (VOID) ControllerDisable(nvme);
    }
    NvmeAbandon(nvme, STATUS_NO_SUCH_DEVICE);
    HardwareRelease(nvme);
    NvmeUnlock(nvme);
}

// The shutdown notification (7.6.2): the controller writes back what it caches, then power may go.
VOID DiskFdoDown(PDEVICE_OBJECT self)
{
    struct controller *nvme = self->DeviceExtension;
    NvmeLock(nvme);
    NvmeHold(nvme);
    if (nvme->started && !NvmeFailed(nvme)) {
        ControllerShutdown(nvme);
        nvme->disabled = TRUE;
    }
    NvmeUnlock(nvme);
}

VOID DiskFdoUp(PDEVICE_OBJECT self)
{
    DiskFdoGoOn(self->DeviceExtension);
}

BOOLEAN DiskFdoFailed(PVOID controller)
{
    return NvmeFailed(controller);
}

PDEVICE_OBJECT const *DiskFdoDisks(PVOID controller, PULONG count)
{
    const struct controller *nvme = controller;
    *count = nvme->disk_count;
    return nvme->disks;
}

BOOLEAN DiskFdoCaches(PVOID controller)
{
    const struct controller *nvme = controller;
    return nvme->facts.write_cache;
}

NTSTATUS DiskFdoSubmit(PVOID controller, PIRP irp)
{
    return NvmeSubmit(controller, irp);
}

VOID DiskFdoCleanup(PVOID controller, PFILE_OBJECT file)
{
    NvmeCleanup(controller, file);
}
