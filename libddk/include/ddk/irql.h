// SPDX-License-Identifier: MIT
//
// IRQL and bug checks. IRQL belongs to the calling thread of the driver task. Raising it forbids
// that thread to wait; mutual exclusion comes from spin locks alone, as on a multiprocessor.
// A rule broken here ends this driver's task with a crash report that names the rule.
// Documentation: "Managing Hardware Priorities", nf-wdm-ke*irql, nf-wdm-kebugcheckex.

#ifndef DDK_IRQL_H
#define DDK_IRQL_H

#define PASSIVE_LEVEL  0
#define LOW_LEVEL      0
#define APC_LEVEL      1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL     5
#define CLOCK_LEVEL    13
#define IPI_LEVEL      14
#define PROFILE_LEVEL  15
#define HIGH_LEVEL     15
#define DIRQL_LOWEST   3

// IRQL of the calling thread. Any IRQL.
KIRQL KeGetCurrentIrql(VOID);

// Raises to new_irql and returns the old one. Rule: new_irql >= current IRQL.
KIRQL KfRaiseIrql(KIRQL new_irql);
#define KeRaiseIrql(new_irql, old_irql) (*(old_irql) = KfRaiseIrql(new_irql))
KIRQL KeRaiseIrqlToDpcLevel(VOID);

// Returns to old_irql, the value that raising returned. Rule: old_irql <= current IRQL.
VOID KeLowerIrql(KIRQL old_irql);

// Ends this task: never returns. The crash report carries the code and its four parameters.
DECLSPEC_NORETURN VOID KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3,
                                    ULONG_PTR p4);
DECLSPEC_NORETURN VOID KeBugCheck(ULONG code);

// Checks that pageable code runs at IRQL <= APC_LEVEL.
VOID DdkPagedCode(PCSTR file, ULONG line);
#define PAGED_CODE()        DdkPagedCode(__FILE__, __LINE__)
#define PAGED_CODE_LOCKED() ((void)0)

#define APC_INDEX_MISMATCH                                    0x00000001u
#define WORKER_THREAD_RETURNED_AT_BAD_IRQL                    0x000000E1u
#define IRQL_NOT_LESS_OR_EQUAL                                0x0000000Au
#define SPIN_LOCK_ALREADY_OWNED                               0x0000000Fu
#define SPIN_LOCK_NOT_OWNED                                   0x00000010u
#define MAXIMUM_WAIT_OBJECTS_EXCEEDED                         0x0000000Cu
#define THREAD_TERMINATE_HELD_MUTEX                           0x4000008Au
#define MUTEX_LEVEL_NUMBER_VIOLATION                          0x0000000Du
#define BAD_POOL_CALLER                                       0x000000C2u
#define BAD_POOL_HEADER                                       0x00000019u
#define NO_MORE_IRP_STACK_LOCATIONS                           0x00000035u
#define DEVICE_REFERENCE_COUNT_NOT_ZERO                       0x00000036u
#define MULTIPLE_IRP_COMPLETE_REQUESTS                        0x00000044u
#define CANCEL_STATE_IN_COMPLETED_IRP                         0x00000048u
#define KMODE_EXCEPTION_NOT_HANDLED                           0x0000001Eu
#define TIMER_OR_DPC_INVALID                                  0x000000C7u
#define PAGE_FAULT_IN_FREED_SPECIAL_POOL                      0x000000CCu
#define PAGE_FAULT_BEYOND_END_OF_ALLOCATION                   0x000000CDu
#define DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS 0x000000CEu
#define DRIVER_VERIFIER_DETECTED_VIOLATION                    0x000000C4u
#define DRIVER_VERIFIER_IOMANAGER_VIOLATION                   0x000000C9u
#define IRQL_GT_ZERO_AT_SYSTEM_SERVICE                        0x0000004Au
#define IRQL_NOT_GREATER_OR_EQUAL                             0x00000009u
#define ATTEMPTED_SWITCH_FROM_DPC                             0x000000B8u
#define THREAD_NOT_MUTEX_OWNER                                0x00000011u
#define DRIVER_POWER_STATE_FAILURE                            0x0000009Fu
#define PNP_DETECTED_FATAL_ERROR                              0x000000CAu
#define DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS                   0x000000CBu
#define RESOURCE_NOT_OWNED                                    0x000000E3u
#define DRIVER_VERIFIER_DMA_VIOLATION                         0x000000E6u
#define WORKER_INVALID                                        0x000000E4u
#define DRIVER_RETURNED_STATUS_REPARSE_FOR_VOLUME_OPEN        0x000000F4u
#define MANUALLY_INITIATED_CRASH                              0x000000E2u
#define REFERENCE_BY_POINTER                                  0x00000018u
#define KERNEL_SECURITY_CHECK_FAILURE                         0x00000139u
#define FAST_FAIL_CORRUPT_LIST_ENTRY                          3
#define FAST_FAIL_INVALID_ARG                                 5
#define ASSERTION_IN_DRIVER                                   0xE0000001u

#endif
