// SPDX-License-Identifier: MIT
//
// Inside of the I/O part: hidden state of IRPs and devices, and the face of the system below
// ("manager"), which port/posix plays inside one process and runtime/ by messages to the servers.

#ifndef DDK_IO_INTERNAL_H
#define DDK_IO_INTERNAL_H

#include "../ke/ki.h"
#include <ntifs.h>

// IRPs that the kit allocated have this in front. finish runs when the walk has passed the last
// location; the IRP belongs to it then.
struct io_call;
struct DECLSPEC_ALIGN(16) io_irp {
    void (*Finish)(PIRP irp);
    void *Context;
    struct io_call *Calls; // dispatch routines that did not return yet, latest first (track.c)
    ULONG64 Returned[2];   // locations whose dispatch routine returned STATUS_PENDING, not done yet
    ULONG64 Forced[2];     // locations whose caller was told STATUS_PENDING beforehand (option)
    volatile ULONG Top;    // of the first location, where io_call_top called: IO_TOP_... (track.c)
    UCHAR Cancelling;      // the end of its thread is at it (thread list's lock)
    UCHAR Finished;        // completed meanwhile: who cancels frees
    UCHAR Wake;            // PoSetSystemWake
    UCHAR PowerFailed;     // a bus driver, or a driver in another task, has failed SET_POWER
    UCHAR Class;           // which free list
};
#define IO_IRP_KIT      0x80            // AllocationFlags: struct io_irp lies in front
#define IO_IRP_DRIVER   0x40            // freed by the driver: must not be completed to the end
#define IO_IRP_PROXY    0x20            // Tail.Overlay.DriverContext of a proxy in use
#define IO_IRP_SKIPPED  DDK_IRP_SKIPPED // 0x10
#define IO_IRP_THREADED 0x08            // on its thread's list, freed when it is completed
#define IO_IRP_BUILT    0x04 // made by another routine than IoAllocateIrp: not to be reused

// What a dispatch routine that has not returned is about.
struct io_call {
    struct io_irp *Header;
    struct io_call *Next;
    volatile ULONG Done; // 0; completed, with the mark or without it
    CHAR Location;
    UCHAR Major;
};
void io_call_begin(struct io_call *call, PIRP irp);
void io_call_end(struct io_call *call, NTSTATUS status, PDEVICE_OBJECT device, const void *routine);
void io_location_done(PIRP irp, const IO_STACK_LOCATION *location);
bool io_is_below(PIRP irp); // a driver that was called with it has not completed it

// The same for the first location of an IRP whose memory outlives the call.
#define IO_TOP_CALLED   1u // io_call_top is at it
#define IO_TOP_DONE     2u // completed,
#define IO_TOP_MARKED   4u // and marked pending
#define IO_TOP_RETURNED 8u // the dispatch routine has returned STATUS_PENDING
void io_top_end(PIRP irp, NTSTATUS status, PDEVICE_OBJECT device, UCHAR major, const void *routine);
// IoCallDriver by the kit, of an IRP that it has just made for this device, not marked and with
// nothing done to it; the IRP's memory must stay until this returns, whatever becomes of the IRP.
void io_call_top(PDEVICE_OBJECT device, PIRP irp);

#define IO_RULE_NOT_MARKED                                                                         \
    "a driver has returned STATUS_PENDING but did not mark the IRP pending via a call to "         \
    "IoMarkIrpPending"

// Ends the task with DRIVER_VERIFIER_IOMANAGER_VIOLATION and the code of the broken rule.
DECLSPEC_NORETURN void io_violation(ULONG code, const char *rule, PIRP irp, PDEVICE_OBJECT device,
                                    UCHAR major, const void *routine);

FORCEINLINE struct io_irp *io_irp_of(PIRP irp)
{
    return (struct io_irp *)irp - 1;
}
// Whether io_call_top alone has called with the IRP and no rule is broken: then the first location
// counts as completed. Else nothing is done: io_location_done knows all cases.
FORCEINLINE bool io_top_done(PIRP irp, const IO_STACK_LOCATION *location)
{
    struct io_irp *header = io_irp_of(irp);
    LONG marked = (location->Control & SL_PENDING_RETURNED) != 0 ? (LONG)IO_TOP_MARKED : 0;
    if (header->Top == 0 || (marked == 0 && header->Top != IO_TOP_CALLED) ||
        header->Calls != NULL || (header->Returned[0] | header->Returned[1]) != 0)
        return false;
    LONG before = InterlockedOr((volatile LONG *)&header->Top, (LONG)IO_TOP_DONE | marked);
    return (before & (LONG)IO_TOP_RETURNED) == 0 || marked != 0;
}
PIRP io_allocate_irp(CCHAR stack_size, void (*finish)(PIRP irp));
// Makes one of io_allocate_irp anew that has come to its end. False: its stack is too small.
bool io_renew_irp(PIRP irp, CCHAR stack_size);
void io_free_irp(PIRP irp);
void io_finish_driver_irp(PIRP irp); // of an IRP that must not come to its end
bool io_wants_completion(UCHAR control, const IRP *irp);
// IRPs that are cancelled when the thread that built them ends.
void io_thread_irp(PIRP irp);
bool io_unthread_irp(PIRP irp);     // on completion; false: who cancels it will free it
void po_check_completion(PIRP irp); // ../po/rule.c, of a power IRP
// What the driver has made and not given back.
ULONG io_irps_made(void);
ULONG io_links_made(void);
const void *io_held_remove_lock(void);
// IoCallDriver without the option to force pending.
NTSTATUS io_call_driver(PDEVICE_OBJECT device, PIRP irp, bool deferred);
NTSTATUS io_dispatch_invalid(PDEVICE_OBJECT device, PIRP irp);

// Hidden part of a device object.
struct _DEVOBJ_EXTENSION {
    PDEVICE_OBJECT DeviceObject;
    PDEVICE_OBJECT AttachedTo;
    ULONG64 Id; // known to the I/O manager; 0 in host tests
    BOOLEAN DeletePending;
    BOOLEAN StartIoDeferred;
    BOOLEAN StartIoNonCancelable;
    BOOLEAN Shutdown;    // registered for shutdown notification
    PVOID Proxy;         // runtime: link and state of a device of another task
    ULONG ReportedFlags; // as the I/O manager last heard
    ULONG ReportedStack;
    ULONG ReportedAlignment;
    ULONG ReportedSector;
    BOOLEAN ReportedVpb;
    UCHAR Standing; // runtime: of a proxy, RT_STANDING_...
    DEVICE_POWER_STATE PowerState;
    SYSTEM_POWER_STATE SystemState; // as PoSetPowerState last said
    ULONG Vector;                   // line interrupt among its started resources, + 1; 0 none
    LIST_ENTRY Link;                // all devices of the task
    PIO_TIMER_ROUTINE TimerRoutine;
    PVOID TimerContext;
    BOOLEAN TimerRunning;
    PKTHREAD TimerThread;  // in the routine
    BOOLEAN StartIoActive; // deferred StartIo: the routine runs, or is about to
    BOOLEAN NextWanted;    // asked for meanwhile, and how
    BOOLEAN NextCancelable, NextByKey;
    ULONG NextKey;
    PIRP PacketWanted; // to be started when the routine returns
    KTIMER Timer;
    KDPC TimerDpc;
    VPB Vpb;
};
FORCEINLINE struct _DEVOBJ_EXTENSION *io_device(PDEVICE_OBJECT device)
{
    return device->DeviceObjectExtension;
}

// A device object without a place in the namespace; NULL without memory. On all lists.
PDEVICE_OBJECT io_allocate_device(PDRIVER_OBJECT driver, ULONG extension_size, ULONG type,
                                  ULONG characteristics);
void io_unlink_device(PDEVICE_OBJECT device);
PDEVICE_OBJECT io_find_device(ULONG64 id); // referenced, or NULL
void io_for_each_device(void (*visit)(PDEVICE_OBJECT device, void *context), void *context);
void io_link_stack(PDEVICE_OBJECT source, PDEVICE_OBJECT lower);

void io_init_driver(PDRIVER_OBJECT driver, PDRIVER_EXTENSION extension);
void io_run_reinitialize(PDRIVER_OBJECT driver);

// The turn of a device at something shared: routine is called with base when it comes, and keeps it
// with KeepObject until io_next_turn.
void io_wait_turn(PKDEVICE_QUEUE queue, PDEVICE_OBJECT device, PDRIVER_CONTROL routine,
                  PVOID context, PVOID base);
void io_next_turn(PKDEVICE_QUEUE queue, PVOID base);

PFILE_OBJECT io_allocate_file(PDEVICE_OBJECT device);
#define IO_FILE_OPENED 0x80000000u // FILE_OBJECT.Flags: this task opened it by name

// MDLs over memory that is not this task's own: Map returns the address of `length` bytes at
// `offset` of the backing, or NULL when they are not all inside of it. Mdl->Process points to the
// backing; MDL virtual addresses are MM_BACKING_BASE + offset.
struct mm_backing {
    PVOID (*Map)(struct mm_backing *backing, ULONG64 offset, ULONG length);
};
#define MM_BACKING_BASE ((ULONG_PTR)0x10000000000)
FORCEINLINE void mm_init_backed_mdl(PMDL mdl, struct mm_backing *backing, ULONG64 offset,
                                    ULONG length, USHORT bytes)
{
    ULONG_PTR va = MM_BACKING_BASE + offset;
    mdl->Next = NULL;
    mdl->Size = (CSHORT)bytes;
    mdl->MdlFlags = MDL_PAGES_LOCKED;
    mdl->Process = (PVOID)backing;
    mdl->MappedSystemVa = NULL;
    mdl->StartVa = PAGE_ALIGN(va);
    mdl->ByteOffset = BYTE_OFFSET(va);
    mdl->ByteCount = length;
}
FORCEINLINE struct mm_backing *mm_backing_of(PMDL mdl)
{
    return mdl->Process;
}
FORCEINLINE ULONG64 mm_backing_offset(PMDL mdl)
{
    return (ULONG_PTR)mdl->StartVa + mdl->ByteOffset - MM_BACKING_BASE;
}

// The system below. PASSIVE_LEVEL, may block.
NTSTATUS manager_create_device(PDEVICE_OBJECT device, PCUNICODE_STRING name, BOOLEAN exclusive);
void manager_delete_device(PDEVICE_OBJECT device);
NTSTATUS manager_keep_state(PDEVICE_OBJECT device, SIZE_T bytes, PVOID *state, PBOOLEAN inherited);
DDK_REQUEST_NAME manager_request_name(PIRP irp); // any IRQL
void manager_file_moved(PFILE_OBJECT file);
NTSTATUS manager_attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target, PDEVICE_OBJECT *lower);
void manager_detach(PDEVICE_OBJECT lower);
NTSTATUS manager_create_link(PCUNICODE_STRING link, PCUNICODE_STRING target);
NTSTATUS manager_delete_link(PCUNICODE_STRING link);
NTSTATUS manager_open_device(PCUNICODE_STRING name, ACCESS_MASK access, PFILE_OBJECT *file,
                             PDEVICE_OBJECT *device);
void manager_close_file(PFILE_OBJECT file); // its last reference went; may be of anybody's device
void manager_register_file_system(PDEVICE_OBJECT device, BOOLEAN add);
void manager_invalidate(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type, BOOLEAN state);
NTSTATUS manager_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG length,
                          PVOID buffer, PULONG result);

#endif
