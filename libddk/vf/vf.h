// SPDX-License-Identifier: MIT
//
// Rule checks beyond those in the routines themselves: what Driver Verifier calls options (a switch
// of each driver), and the records that some checks need.

#ifndef DDK_VF_H
#define DDK_VF_H

#include "../ke/ki.h"

// Options, numbered as Driver Verifier's. 0: the driver is not verified; what is cheap is checked
// always. Set once, before DriverEntry.
#define VF_SPECIAL_POOL  0x0001u // each block at the end of its pages, a guard page behind
#define VF_FORCE_IRQL    0x0002u // not provided: no pool is pageable
#define VF_LOW_RESOURCES 0x0004u // allocations fail, by chance or by number
#define VF_POOL_TRACKING 0x0008u // always on
#define VF_IO_CHECKING   0x0010u // time limits of IRPs
#define VF_DEADLOCK      0x0020u // order of locks
#define VF_DMA_CHECKING  0x0080u // always on, as far as it goes
#define VF_FORCE_PENDING 0x0200u // IoCallDriver returns STATUS_PENDING, by chance
#define VF_IRP_LOGGING   0x0400u // the last IRPs and routines, for the crash report
#define VF_STANDARD                                                                                \
    (VF_SPECIAL_POOL | VF_FORCE_IRQL | VF_POOL_TRACKING | VF_IO_CHECKING | VF_DEADLOCK |           \
     VF_DMA_CHECKING)

struct vf_options {
    ULONG Flags;
    ULONG Rate;       // of failures and of forced pending, in 1/10000
    ULONG Seed;       // of chance
    ULONG FailAt;     // that allocation fails, counted from 1, and no other; 0: chance decides
    ULONG Probe;      // milliseconds, of the dispatch thread: the I/O manager's
    ULONG Memory;     // pages that it may have: the I/O manager's
    ULONG Deadline;   // milliseconds, for every IRP; 0: those of the classes
    BOOLEAN Underrun; // special pool: blocks at the start of their pages, the guard page in front
};
extern ULONG vf_flags; // of vf_options
extern struct vf_options vf_options;

// Options as text: names, Driver Verifier's number, and settings, divided by commas:
//     standard,log     0x209,rate=5000,seed=3     low,fail=7     special,underrun
// False: not understood; nothing is changed.
bool vf_configure(const char *text);
void vf_set(const struct vf_options *options);

// Shall this allocation fail? Counts them. Only while VF_LOW_RESOURCES.
bool vf_fail_allocation(void);
FORCEINLINE bool vf_fail(void)
{
    return __builtin_expect(vf_flags & VF_LOW_RESOURCES, 0) && vf_fail_allocation();
}
bool vf_chance(void); // true with the probability of the options

// The log for the crash report. vf_log_event's what: a literal, or the text of an IRQL rule.
FORCEINLINE void vf_log(const char *what, const void *irp, ULONG_PTR value)
{
    if (__builtin_expect(ki_log_routines, 0))
        vf_log_event(what, irp, value);
}
const void *vf_log_address(void);

// ERESOURCEs and lookaside lists that are initialised. Initialising one again, and freeing or
// leaving the memory it lies in, is a bug check.
enum vf_live { VF_LIVE_RESOURCE, VF_LIVE_LOOKASIDE };
void vf_live_add(const void *object, enum vf_live kind);
void vf_live_remove(const void *object);
void vf_live_check(const void *memory, SIZE_T bytes);
const void *vf_live_any(enum vf_live *kind);
void vf_live_reset(void); // nothing is known any more, for tests

// Order of locks, while VF_DEADLOCK: a graph of "was held when this was acquired".
// Called before the thread waits for the lock; after it got it if it only tried.
void vf_lock_acquired(const void *lock, bool tried);
void vf_lock_released(const void *lock);
void vf_lock_forget(const void *memory, SIZE_T bytes); // initialised again, or freed
void vf_locks_reset(void);                             // all of them, for tests
FORCEINLINE void vf_acquired(const void *lock, bool tried)
{
    if (__builtin_expect(vf_flags & VF_DEADLOCK, 0))
        vf_lock_acquired(lock, tried);
}
FORCEINLINE void vf_released(const void *lock)
{
    if (__builtin_expect(vf_flags & VF_DEADLOCK, 0))
        vf_lock_released(lock);
}

FORCEINLINE void vf_forget(const void *memory, SIZE_T bytes)
{
    if (__builtin_expect(vf_flags & VF_DEADLOCK, 0))
        vf_lock_forget(memory, bytes);
}

// A string that a routine got is well formed: even length, not longer than its buffer, which is
// there. NULL is.
void vf_check_string(PCUNICODE_STRING string, const char *routine);

// DriverUnload has returned: nothing of the driver may be left.
void vf_check_unload(PDRIVER_OBJECT driver);

// As the documentation writes them; an empty string if it has none.
const char *vf_code_name(ULONG code);
const char *vf_rule_name(ULONG code, ULONG_PTR first_parameter);

#endif
