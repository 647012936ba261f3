// SPDX-License-Identifier: MIT
//
// Processes as a driver sees them. A driver task is the system process, with the id 4; while a
// request is dispatched that came straight from an application, the current process id is that of
// the application's task.
// Documentation: nf-ntddk-psgetcurrentprocessid, nf-ntddk-pssetcreateprocessnotifyroutineex.

#ifndef DDK_PROCESS_H
#define DDK_PROCESS_H

// Any IRQL. The process object is that of the system process, for every thread.
HANDLE PsGetCurrentProcessId(VOID);
HANDLE PsGetThreadProcessId(PETHREAD thread);
PEPROCESS PsGetCurrentProcess(VOID);
HANDLE PsGetProcessId(PEPROCESS process);

typedef struct _PS_CREATE_NOTIFY_INFO {
    SIZE_T Size;
    union {
        ULONG Flags;
        struct {
            ULONG FileOpenNameAvailable : 1;
            ULONG IsSubsystemProcess : 1;
            ULONG Reserved : 30;
        };
    };
    HANDLE ParentProcessId;
    CLIENT_ID CreatingThreadId;
    struct _FILE_OBJECT *FileObject;
    PCUNICODE_STRING ImageFileName;
    PCUNICODE_STRING CommandLine;
    NTSTATUS CreationStatus;
} PS_CREATE_NOTIFY_INFO, *PPS_CREATE_NOTIFY_INFO;

typedef VOID CREATE_PROCESS_NOTIFY_ROUTINE_EX(PEPROCESS process, HANDLE process_id,
                                              PPS_CREATE_NOTIFY_INFO info);
typedef CREATE_PROCESS_NOTIFY_ROUTINE_EX *PCREATE_PROCESS_NOTIFY_ROUTINE_EX;

// Called for each process that is created (info) and for each that ends (info NULL), at
// PASSIVE_LEVEL in a critical region. Removing waits for calls in progress, so not from the routine
// itself. STATUS_INVALID_PARAMETER: registered already, not registered, or more than 64;
// STATUS_NOT_SUPPORTED where the system tells drivers nothing of processes (Ashlar, so far).
// PASSIVE_LEVEL.
NTSTATUS PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine,
                                           BOOLEAN remove);

#endif
