// SPDX-License-Identifier: MIT
//
// Spin locks: mutual exclusion between all threads of the driver task. The holder runs at
// DISPATCH_LEVEL (at the ISR's IRQL for an interrupt's lock) and may neither wait nor call another
// driver. Not recursive. A thread that takes a lock twice, or releases one it does not hold, is a
// bug check of the task.
// Documentation: "Introduction to Spin Locks", nf-wdm-ke*spinlock*.

#ifndef DDK_SPINLOCK_H
#define DDK_SPINLOCK_H

VOID KeInitializeSpinLock(PKSPIN_LOCK lock);

// Raises to DISPATCH_LEVEL and takes the lock; IRQL <= DISPATCH_LEVEL. Release returns to old_irql.
KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock);
#define KeAcquireSpinLock(lock, old_irql) (*(old_irql) = KeAcquireSpinLockRaiseToDpc(lock))
VOID KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL old_irql);

// The same for code that runs at DISPATCH_LEVEL already; IRQL stays.
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock);
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock);
BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock);
KIRQL KeAcquireSpinLockForDpc(PKSPIN_LOCK lock);
VOID KeReleaseSpinLockForDpc(PKSPIN_LOCK lock, KIRQL old_irql);
BOOLEAN KeTestSpinLock(PKSPIN_LOCK lock);

// In-stack queued locks: FIFO order; the handle lives on the caller's stack until release. One lock
// is used either as queued or as plain lock, never both.
typedef struct _KSPIN_LOCK_QUEUE {
    struct _KSPIN_LOCK_QUEUE *volatile Next;
    PKSPIN_LOCK volatile Lock;
} KSPIN_LOCK_QUEUE, *PKSPIN_LOCK_QUEUE;

typedef struct _KLOCK_QUEUE_HANDLE {
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
    ULONG Owner; // id of the thread
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle);
VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle);
VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle);
VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle);

// Reader/writer spin locks: shared by many threads or had by one alone; initialised by setting them
// to 0. Not recursive. Who waits to have it alone comes before those that would share it. Convert:
// TRUE when the caller was the only one who shared it; it has it alone then.
// Acquire at IRQL <= DISPATCH_LEVEL; the AtDpcLevel forms, the conversion and the releases at
// >= DISPATCH_LEVEL.
typedef volatile LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;
KIRQL ExAcquireSpinLockExclusive(PEX_SPIN_LOCK lock);
KIRQL ExAcquireSpinLockShared(PEX_SPIN_LOCK lock);
VOID ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock);
VOID ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock);
LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock);
LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock);
LOGICAL ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK lock);
VOID ExReleaseSpinLockExclusive(PEX_SPIN_LOCK lock, KIRQL old_irql);
VOID ExReleaseSpinLockShared(PEX_SPIN_LOCK lock, KIRQL old_irql);
VOID ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK lock);
VOID ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK lock);

// For threaded DPCs, which run at PASSIVE_LEVEL or at DISPATCH_LEVEL.
VOID KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle);
VOID KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE handle);

#endif
