// SPDX-License-Identifier: MIT
//
// A version of virtio-blk that does not work, put around the real one by the linker (--wrap). The
// option `seed` of `driver verify virtio-blk` says how; without it the driver works.
#include "../../../libddk/vf/vf.h"

#include <diskfdo.h>

enum {
    ENTRY_FAILS = 1,
    START_FAILS = 2,
    FIRST_REQUEST_FAULTS = 3,
    REQUEST_IS_KEPT = 4, // the LATER-th for ever
    DPC_LOOPS = 5,       // from the LATER-th request on
    REQUESTS_LEAK = 6,   // pool, each some
    ENTRY_FAULTS = 7,
    ROUTINE_LOOPS = 8, // the dispatch routine of the LATER-th request
};

#define LATER 60
#define LEAK  (256u << 10)

NTSTATUS RealEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) __asm__("__real_DriverEntry");
NTSTATUS FaultyEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) __asm__("__wrap_DriverEntry");
NTSTATUS RealStart(PVOID controller, PCM_RESOURCE_LIST raw,
                   PCM_RESOURCE_LIST translated) __asm__("__real_DiskFdoStart");
NTSTATUS FaultyStart(PVOID controller, PCM_RESOURCE_LIST raw,
                     PCM_RESOURCE_LIST translated) __asm__("__wrap_DiskFdoStart");
NTSTATUS RealSubmit(PVOID controller, PIRP irp) __asm__("__real_DiskFdoSubmit");
NTSTATUS FaultySubmit(PVOID controller, PIRP irp) __asm__("__wrap_DiskFdoSubmit");

static LONG requests;
static KDPC dpc;

static VOID Fault(VOID)
{
    *(volatile ULONG *)(ULONG_PTR)16 = 0; // nothing is mapped there
}

static VOID Loop(VOID)
{
    for (volatile ULONG i = 0;; i++) {
    }
}

static VOID LoopingDpc(PKDPC self, PVOID context, PVOID one, PVOID other)
{
    UNREFERENCED_PARAMETER(self);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(one);
    UNREFERENCED_PARAMETER(other);
    Loop();
}

NTSTATUS FaultyEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    if (vf_options.Seed == ENTRY_FAILS)
        return STATUS_UNSUCCESSFUL;
    if (vf_options.Seed == ENTRY_FAULTS)
        Fault();
    KeInitializeDpc(&dpc, LoopingDpc, NULL);
    return RealEntry(driver, path);
}

NTSTATUS FaultyStart(PVOID controller, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    return vf_options.Seed == START_FAILS ? STATUS_UNSUCCESSFUL
                                          : RealStart(controller, raw, translated);
}

NTSTATUS FaultySubmit(PVOID controller, PIRP irp)
{
    LONG number = InterlockedIncrement(&requests);
    if (vf_options.Seed == FIRST_REQUEST_FAULTS)
        Fault();
    if (vf_options.Seed == REQUESTS_LEAK)
        (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, LEAK, 'kaeL');
    if (vf_options.Seed == DPC_LOOPS && number == LATER)
        KeInsertQueueDpc(&dpc, NULL, NULL);
    if (vf_options.Seed == ROUTINE_LOOPS && number == LATER)
        Loop();
    if (vf_options.Seed != REQUEST_IS_KEPT || number != LATER)
        return RealSubmit(controller, irp);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}
