// SPDX-License-Identifier: MIT
//
// Dispatcher objects (events, semaphores, mutexes, timers, threads), waits and the mutexes built on
// them. All live in memory of the driver; none may move or be freed while a thread waits for it.
// Waits: IRQL <= APC_LEVEL; with a zero time-out also DISPATCH_LEVEL. Time-outs count 100 ns:
// negative relative, positive absolute system time, NULL for ever.
// Documentation: "Introduction to Kernel Dispatcher Objects", nf-wdm-ke*.

#ifndef DDK_DISPATCHER_H
#define DDK_DISPATCHER_H

typedef struct _DISPATCHER_HEADER {
    UCHAR Type;
    UCHAR Signalling;
    UCHAR Size;
    UCHAR Reserved;
    LONG SignalState;
    LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER;

typedef struct _KEVENT {
    DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;

typedef struct _KSEMAPHORE {
    DISPATCHER_HEADER Header;
    LONG Limit;
} KSEMAPHORE, *PKSEMAPHORE, *PRKSEMAPHORE;

struct _KTHREAD;
typedef struct _KTHREAD *PKTHREAD, *PRKTHREAD;
typedef struct _KTHREAD *PETHREAD;
typedef struct _KPROCESS *PEPROCESS, *PKPROCESS;

typedef struct _KMUTANT {
    DISPATCHER_HEADER Header;
    LIST_ENTRY MutantListEntry;
    PKTHREAD OwnerThread;
    BOOLEAN Abandoned;
    UCHAR ApcDisable;
    BOOLEAN AtDispatch; // acquired at DISPATCH_LEVEL, by a wait with time-out zero
} KMUTANT, *PKMUTANT, *PRKMUTANT, KMUTEX, *PKMUTEX, *PRKMUTEX;

C_ASSERT(sizeof(DISPATCHER_HEADER) == 24);
C_ASSERT(sizeof(KEVENT) == 24);
C_ASSERT(sizeof(KSEMAPHORE) == 32);
C_ASSERT(sizeof(KMUTEX) == 56);

// Why a thread waits: recorded for diagnosis only.
typedef enum _KWAIT_REASON {
    Executive,
    FreePage,
    PageIn,
    PoolAllocation,
    DelayExecution,
    Suspended,
    UserRequest
} KWAIT_REASON;
typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

#define THREAD_WAIT_OBJECTS   3
#define MAXIMUM_WAIT_OBJECTS  64
#define IO_NO_INCREMENT       0
#define EVENT_INCREMENT       1
#define SEMAPHORE_INCREMENT   1
#define IO_DISK_INCREMENT     1
#define IO_SERIAL_INCREMENT   2
#define IO_CD_ROM_INCREMENT   1
#define IO_KEYBOARD_INCREMENT 6
#define IO_MOUSE_INCREMENT    6
#define IO_NETWORK_INCREMENT  2

// Storage for one wait on one object; drivers only allocate it (KeWaitForMultipleObjects).
typedef struct _KWAIT_BLOCK {
    LIST_ENTRY WaitListEntry;
    PVOID Thread;
    PVOID Object;
    USHORT WaitKey;
    USHORT Satisfied;
    ULONG Reserved;
} KWAIT_BLOCK, *PKWAIT_BLOCK, *PRKWAIT_BLOCK;

// Events. KeSetEvent and KeResetEvent return the former state. IRQL <= DISPATCH_LEVEL.
// Wait TRUE promises that a wait follows at once; the kit needs no such promise and accepts it.
VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state);
LONG KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait);
LONG KeResetEvent(PRKEVENT event);
VOID KeClearEvent(PRKEVENT event);
LONG KeReadStateEvent(PRKEVENT event);
LONG KePulseEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait);

// Semaphores. Count >= 0, limit > 0 (initialise at PASSIVE_LEVEL). Releasing above the limit raises
// STATUS_SEMAPHORE_LIMIT_EXCEEDED; the count is then unchanged.
VOID KeInitializeSemaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit);
LONG KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY increment, LONG adjustment, BOOLEAN wait);
LONG KeReadStateSemaphore(PRKSEMAPHORE semaphore);

// Mutexes: recursive, owned by a thread, disable normal kernel APCs. Releasing by another thread
// raises STATUS_MUTANT_NOT_OWNED, on the other side of DISPATCH_LEVEL than the acquire
// STATUS_ABANDONED. A thread that ends with a mutex is a bug check (THREAD_TERMINATE_HELD_MUTEX).
VOID KeInitializeMutex(PRKMUTEX mutex, ULONG level);
LONG KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait);
LONG KeReadStateMutex(PRKMUTEX mutex);

// STATUS_SUCCESS, STATUS_TIMEOUT (NT_SUCCESS is true for it!) or STATUS_ABANDONED. A mutex is
// waited for with KernelMode. Alertable is accepted; threads of a driver task are never alerted and
// get no user APCs, so STATUS_ALERTED and STATUS_USER_APC do not occur.
NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, PLARGE_INTEGER timeout);
#define KeWaitForMutexObject KeWaitForSingleObject

// WaitAny: STATUS_WAIT_0 + index. WaitAll: STATUS_SUCCESS. More than THREAD_WAIT_OBJECTS objects
// need wait_blocks, one an object, from the caller. At most MAXIMUM_WAIT_OBJECTS.
NTSTATUS KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason,
                                  KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER timeout,
                                  PKWAIT_BLOCK wait_blocks);

// Sleeps. IRQL <= APC_LEVEL.
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval);

// Fast mutex: not recursive, holder runs at APC_LEVEL. Guarded mutex: not recursive, holder in a
// guarded region. Acquire at IRQL <= APC_LEVEL; release in the thread that acquired.
typedef struct _FAST_MUTEX {
    LONG Count;
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX, KGUARDED_MUTEX, *PKGUARDED_MUTEX;
C_ASSERT(sizeof(FAST_MUTEX) == 56);

VOID ExInitializeFastMutex(PFAST_MUTEX mutex);
VOID ExAcquireFastMutex(PFAST_MUTEX mutex);
VOID ExReleaseFastMutex(PFAST_MUTEX mutex);
BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX mutex);
VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX mutex);
VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX mutex);
VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX mutex);
VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX mutex);
VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX mutex);
BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX mutex);

// Critical regions hold off normal kernel APCs. They nest; unbalanced leaving is a bug check.
VOID KeEnterCriticalRegion(VOID);
VOID KeLeaveCriticalRegion(VOID);
VOID KeEnterGuardedRegion(VOID);
VOID KeLeaveGuardedRegion(VOID);
BOOLEAN KeAreApcsDisabled(VOID);
#define FsRtlEnterFileSystem() KeEnterCriticalRegion()
#define FsRtlExitFileSystem()  KeLeaveCriticalRegion()

#include <ddk/eresource.h>

#include <ddk/bugcheck.h>

#endif
