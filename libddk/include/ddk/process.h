// SPDX-License-Identifier: MIT
//
// Processes as a driver sees them. A driver task is the system process, with the id 4; while a
// request is dispatched that came straight from an application, the current process id is that of
// the application's task.
// Documentation: nf-ntddk-psgetcurrentprocessid, nf-ntddk-pssetcreateprocessnotifyroutineex.

#ifndef DDK_PROCESS_H
#define DDK_PROCESS_H

// Any IRQL. The current process is that of the application whose request is being dispatched, else
// the system process.
HANDLE PsGetCurrentProcessId(VOID);
HANDLE PsGetThreadProcessId(PETHREAD thread);
PEPROCESS PsGetCurrentProcess(VOID);
HANDLE PsGetProcessId(PEPROCESS process);
// A reference, which the caller gives back. STATUS_INVALID_CID. IRQL <= APC_LEVEL.
NTSTATUS PsLookupProcessByProcessId(HANDLE id, PEPROCESS *process);

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
// PASSIVE_LEVEL in a critical region. A failure in CreationStatus keeps a process that an
// application starts from running (not a driver's task: that is the system's own). Who takes longer
// than two seconds is not waited for. Removing waits for calls in progress, so not from the routine
// itself. STATUS_INVALID_PARAMETER: registered already, not registered, or more than 64.
// PASSIVE_LEVEL.
NTSTATUS PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine,
                                           BOOLEAN remove);
typedef enum _PSCREATEPROCESSNOTIFYTYPE {
    PsCreateProcessNotifySubsystems = 0
} PSCREATEPROCESSNOTIFYTYPE;
NTSTATUS PsSetCreateProcessNotifyRoutineEx2(PSCREATEPROCESSNOTIFYTYPE type, PVOID routine,
                                            BOOLEAN remove);
typedef VOID CREATE_PROCESS_NOTIFY_ROUTINE(HANDLE parent, HANDLE process, BOOLEAN create);
typedef CREATE_PROCESS_NOTIFY_ROUTINE *PCREATE_PROCESS_NOTIFY_ROUTINE;
NTSTATUS PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE routine, BOOLEAN remove);

// Threads of other tasks; thread ids are numbers within the process. STATUS_INSUFFICIENT_RESOURCES:
// more than 64; STATUS_PROCEDURE_NOT_FOUND: not registered. PASSIVE_LEVEL.
typedef VOID CREATE_THREAD_NOTIFY_ROUTINE(HANDLE process, HANDLE thread, BOOLEAN create);
typedef CREATE_THREAD_NOTIFY_ROUTINE *PCREATE_THREAD_NOTIFY_ROUTINE;
NTSTATUS PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine);
NTSTATUS PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine);

// The image of each process that is created, before it runs. As for threads.
typedef struct _IMAGE_INFO {
    union {
        ULONG Properties;
        struct {
            ULONG ImageAddressingMode : 8;
            ULONG SystemModeImage : 1;
            ULONG ImageMappedToAllPids : 1;
            ULONG ExtendedInfoPresent : 1;
            ULONG MachineTypeMismatch : 1;
            ULONG ImageSignatureLevel : 4;
            ULONG ImageSignatureType : 3;
            ULONG ImagePartialMap : 1;
            ULONG Reserved : 12;
        };
    };
    PVOID ImageBase;
    ULONG ImageSelector;
    SIZE_T ImageSize;
    ULONG ImageSectionNumber;
} IMAGE_INFO, *PIMAGE_INFO;
#define IMAGE_ADDRESSING_MODE_32BIT 3
typedef VOID LOAD_IMAGE_NOTIFY_ROUTINE(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO image);
typedef LOAD_IMAGE_NOTIFY_ROUTINE *PLOAD_IMAGE_NOTIFY_ROUTINE;
NTSTATUS PsSetLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine);
NTSTATUS PsRemoveLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine);

#endif
