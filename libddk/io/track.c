// SPDX-License-Identifier: MIT
//
// The pending rule, between any two devices: a dispatch routine returns STATUS_PENDING if and only
// if its location of the IRP is marked pending when it is completed.
// Each IoCallDriver in progress has a record on its stack, linked to the IRP's header until the
// location is completed or the dispatch routine has returned, whichever is first. The one that
// comes second compares: the caller with what the record says, the completion with the bit that the
// caller left in the header. The lock of a record does not lie in the IRP, so that a caller can ask
// about an IRP that may be gone: as long as Done is 0 under the lock, it is not.

#include "io.h"

#define LOCKS  16u
#define MARKED (1u << 1)
#define DONE   (1u << 0)

static struct ki_lock locks[LOCKS];

static struct ki_lock *lock_of(const struct io_irp *header)
{
    return &locks[(ULONG_PTR)header / 512 % LOCKS];
}

void io_call_begin(struct io_call *call, PIRP irp)
{
    struct io_irp *header = io_irp_of(irp);
    call->Header = header;
    call->Location = irp->CurrentLocation;
    call->Major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    call->Done = 0;
    ki_acquire(lock_of(header));
    call->Next = header->Calls;
    header->Calls = call;
    ki_release(lock_of(header));
}

static ULONG64 *returned_word(struct io_irp *header, CHAR location)
{
    return &header->Returned[location / 64 % 2];
}

static ULONG64 returned_bit(CHAR location)
{
    return 1ull << location % 64;
}

// The dispatch routine returned before its location was completed.
static void leave_open(struct io_call *call, bool pending)
{
    struct io_irp *header = call->Header;
    struct io_call **link = (struct io_call **)(PVOID)&header->Calls;
    if (pending)
        *returned_word(header, call->Location) |= returned_bit(call->Location);
    while (*link != call)
        link = (struct io_call **)(PVOID) & (*link)->Next;
    __atomic_store_n(link, call->Next, __ATOMIC_RELEASE);
}

KI_COLD static void call_broke(bool done, bool pending, PIRP irp, PDEVICE_OBJECT device,
                               UCHAR major, const void *routine)
{
    if (!done)
        io_violation(0x226,
                     "a dispatch routine returned without passing down or completing this IRP, or "
                     "forgot to return STATUS_PENDING",
                     irp, device, major, routine);
    if (pending)
        io_violation(0x23d, IO_RULE_NOT_MARKED, irp, device, major, routine);
    io_violation(0x23e,
                 "a dispatch routine marked the IRP pending and did not return STATUS_PENDING", irp,
                 device, major, routine);
}

void io_call_end(struct io_call *call, NTSTATUS status, PDEVICE_OBJECT device, const void *routine)
{
    PIRP irp = (PIRP)(call->Header + 1);
    ULONG done = __atomic_load_n(&call->Done, __ATOMIC_ACQUIRE);
    bool pending = status == STATUS_PENDING;
    if (done == 0) {
        ki_acquire(lock_of(call->Header));
        done = call->Done;
        if (done == 0)
            leave_open(call, pending);
        ki_release(lock_of(call->Header));
    }
    if (__builtin_expect(done == 0 ? pending : pending == ((done & MARKED) != 0), 1))
        return;
    call_broke(done != 0, pending, irp, device, call->Major, routine);
}

// The routine's return and the completion of its location meet here: whichever is second compares.
void io_top_end(PIRP irp, NTSTATUS status, PDEVICE_OBJECT device, UCHAR major, const void *routine)
{
    bool pending = status == STATUS_PENDING;
    ULONG before = (ULONG)InterlockedOr((volatile LONG *)&io_irp_of(irp)->Top,
                                        pending ? (LONG)IO_TOP_RETURNED : 0);
    bool done = (before & IO_TOP_DONE) != 0, marked = (before & IO_TOP_MARKED) != 0;
    if (__builtin_expect(pending ? !done || marked : done && !marked, 1))
        return;
    call_broke(done, pending, irp, device, major, routine);
}

static void top_done(struct io_irp *header, PIRP irp, const IO_STACK_LOCATION *location)
{
    bool marked = (location->Control & SL_PENDING_RETURNED) != 0;
    ULONG before = (ULONG)InterlockedOr((volatile LONG *)&header->Top,
                                        (LONG)(IO_TOP_DONE | (marked ? IO_TOP_MARKED : 0)));
    if ((before & IO_TOP_RETURNED) != 0 && !marked)
        io_violation(0x23d, IO_RULE_NOT_MARKED, irp, location->DeviceObject,
                     location->MajorFunction, NULL);
}

static void tell_calls(struct io_irp *header, CHAR location, ULONG done)
{
    struct io_call **link = (struct io_call **)(PVOID)&header->Calls;
    ki_acquire(lock_of(header));
    while (*link != NULL) {
        struct io_call *call = *link;
        if (call->Location != location) {
            link = (struct io_call **)(PVOID)&call->Next;
            continue;
        }
        __atomic_store_n(link, call->Next, __ATOMIC_RELEASE);
        __atomic_store_n(&call->Done, done, __ATOMIC_RELEASE); // the record may be gone now
    }
    ki_release(lock_of(header));
}

void io_location_done(PIRP irp, const IO_STACK_LOCATION *location)
{
    struct io_irp *header = io_irp_of(irp);
    CHAR number = irp->CurrentLocation;
    bool marked = (location->Control & SL_PENDING_RETURNED) != 0;
    if (header->Top != 0 && number == irp->StackCount)
        top_done(header, irp, location);
    if (__atomic_load_n(&header->Calls, __ATOMIC_ACQUIRE) != NULL)
        tell_calls(header, number, marked ? DONE | MARKED : DONE);
    ULONG64 *word = returned_word(header, number);
    if ((*word & returned_bit(number)) == 0)
        return;
    *word &= ~returned_bit(number);
    if (!marked)
        io_violation(0x23d, IO_RULE_NOT_MARKED, irp, location->DeviceObject,
                     location->MajorFunction, NULL);
}

bool io_is_below(PIRP irp)
{
    const struct io_irp *header = io_irp_of(irp);
    return __atomic_load_n(&header->Calls, __ATOMIC_ACQUIRE) != NULL ||
           (header->Returned[0] | header->Returned[1]) != 0;
}
