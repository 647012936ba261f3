// SPDX-License-Identifier: MIT
//
// Bug check callbacks: routines of the driver that run when its task is ended for a broken rule or
// by KeBugCheck, at HIGH_LEVEL: no memory, no locks, nothing that waits. Not when the processor
// stops the task. What they leave in their buffers is printed with the crash report. A record lies
// in memory of the driver that stays until it is deregistered, which a driver that can be unloaded
// does in DriverUnload. Any IRQL. Documentation: nf-wdm-keregisterbugcheckcallback, "Writing a Bug
// Check Reason Callback Routine".

#ifndef DDK_BUGCHECK_H
#define DDK_BUGCHECK_H

typedef VOID KBUGCHECK_CALLBACK_ROUTINE(PVOID buffer, ULONG length);
typedef KBUGCHECK_CALLBACK_ROUTINE *PKBUGCHECK_CALLBACK_ROUTINE;

typedef struct _KBUGCHECK_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine;
    PVOID Buffer;
    ULONG Length;
    PUCHAR Component;
    ULONG_PTR Checksum;
    UCHAR State;
} KBUGCHECK_CALLBACK_RECORD, *PKBUGCHECK_CALLBACK_RECORD;

// Before the first registration of a record of either kind.
#define KeInitializeCallbackRecord(record) ((void)((record)->State = 0))

// FALSE: the record is registered already.
BOOLEAN KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record,
                                   PKBUGCHECK_CALLBACK_ROUTINE routine, PVOID buffer, ULONG length,
                                   PUCHAR component);
// FALSE: it is not registered.
BOOLEAN KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record);

typedef enum _KBUGCHECK_CALLBACK_REASON {
    KbCallbackInvalid,
    KbCallbackReserved1,
    KbCallbackSecondaryDumpData,
    KbCallbackDumpIo,
    KbCallbackAddPages,
    KbCallbackSecondaryMultiPartDumpData,
    KbCallbackRemovePages,
    KbCallbackTriageDumpData
} KBUGCHECK_CALLBACK_REASON;

struct _KBUGCHECK_REASON_CALLBACK_RECORD;
typedef VOID KBUGCHECK_REASON_CALLBACK_ROUTINE(KBUGCHECK_CALLBACK_REASON reason,
                                               struct _KBUGCHECK_REASON_CALLBACK_RECORD *record,
                                               PVOID data, ULONG length);
typedef KBUGCHECK_REASON_CALLBACK_ROUTINE *PKBUGCHECK_REASON_CALLBACK_ROUTINE;

typedef struct _KBUGCHECK_REASON_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine;
    PUCHAR Component;
    ULONG_PTR Checksum;
    KBUGCHECK_CALLBACK_REASON Reason;
    UCHAR State;
} KBUGCHECK_REASON_CALLBACK_RECORD, *PKBUGCHECK_REASON_CALLBACK_RECORD;

// What KbCallbackSecondaryDumpData gets: first with OutBuffer NULL, to say where and how much, then
// to put the data there.
typedef struct _KBUGCHECK_SECONDARY_DUMP_DATA {
    PVOID InBuffer;
    ULONG InBufferLength;
    ULONG MaximumAllowed;
    GUID Guid;
    PVOID OutBuffer;
    ULONG OutBufferLength;
} KBUGCHECK_SECONDARY_DUMP_DATA, *PKBUGCHECK_SECONDARY_DUMP_DATA;

// FALSE: registered already, or another reason than KbCallbackSecondaryDumpData: there is no dump
// file.
BOOLEAN KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD record,
                                         PKBUGCHECK_REASON_CALLBACK_ROUTINE routine,
                                         KBUGCHECK_CALLBACK_REASON reason, PUCHAR component);
BOOLEAN KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD record);

#endif
