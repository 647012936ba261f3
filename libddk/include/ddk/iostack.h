// SPDX-License-Identifier: MIT
//
// IO_STACK_LOCATION and the routines that move along the locations of an IRP. The Parameters
// members keep the documented names, order and 8-byte alignment of 64-bit targets.
// Documentation: ns-wdm-_io_stack_location, nf-wdm-ioskipcurrentirpstacklocation and neighbours.

#ifndef DDK_IOSTACK_H
#define DDK_IOSTACK_H

typedef struct _IO_SECURITY_CONTEXT {
    PVOID SecurityQos;
    struct _ACCESS_STATE *AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
} IO_SECURITY_CONTEXT, *PIO_SECURITY_CONTEXT;

typedef struct _IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;
    union {
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT FileAttributes;
            USHORT ShareAccess;
            ULONG POINTER_ALIGNMENT EaLength;
        } Create;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } Read;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } Write;
        struct {
            ULONG Length;
            PUNICODE_STRING FileName;
            FILE_INFORMATION_CLASS FileInformationClass;
            ULONG POINTER_ALIGNMENT FileIndex;
        } QueryDirectory;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT CompletionFilter;
        } NotifyDirectory;
        struct {
            ULONG Length;
            FILE_INFORMATION_CLASS POINTER_ALIGNMENT FileInformationClass;
        } QueryFile;
        struct {
            ULONG Length;
            FILE_INFORMATION_CLASS POINTER_ALIGNMENT FileInformationClass;
            PFILE_OBJECT FileObject;
            union {
                struct {
                    BOOLEAN ReplaceIfExists;
                    BOOLEAN AdvanceOnly;
                };
                ULONG ClusterCount;
                HANDLE DeleteHandle;
            };
        } SetFile;
        struct {
            ULONG Length;
            FS_INFORMATION_CLASS POINTER_ALIGNMENT FsInformationClass;
        } QueryVolume;
        struct {
            ULONG Length;
            FS_INFORMATION_CLASS POINTER_ALIGNMENT FsInformationClass;
        } SetVolume;
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT FsControlCode;
            PVOID Type3InputBuffer;
        } FileSystemControl;
        struct {
            PLARGE_INTEGER Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } LockControl;
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            ULONG POINTER_ALIGNMENT Length;
        } QuerySecurity;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            PSECURITY_DESCRIPTOR SecurityDescriptor;
        } SetSecurity;
        struct {
            PVPB Vpb;
            PDEVICE_OBJECT DeviceObject;
            ULONG OutputBufferLength;
        } MountVolume;
        struct {
            PVPB Vpb;
            PDEVICE_OBJECT DeviceObject;
        } VerifyVolume;
        struct {
            struct _SCSI_REQUEST_BLOCK *Srb;
        } Scsi;
        struct {
            DEVICE_RELATION_TYPE Type;
        } QueryDeviceRelations;
        struct {
            const GUID *InterfaceType;
            USHORT Size;
            USHORT Version;
            PINTERFACE Interface;
            PVOID InterfaceSpecificData;
        } QueryInterface;
        struct {
            PDEVICE_CAPABILITIES Capabilities;
        } DeviceCapabilities;
        struct {
            PIO_RESOURCE_REQUIREMENTS_LIST IoResourceRequirementList;
        } FilterResourceRequirements;
        struct {
            ULONG WhichSpace;
            PVOID Buffer;
            ULONG Offset;
            ULONG POINTER_ALIGNMENT Length;
        } ReadWriteConfig;
        struct {
            BOOLEAN Lock;
        } SetLock;
        struct {
            BUS_QUERY_ID_TYPE IdType;
        } QueryId;
        struct {
            DEVICE_TEXT_TYPE DeviceTextType;
            LCID POINTER_ALIGNMENT LocaleId;
        } QueryDeviceText;
        struct {
            BOOLEAN InPath;
            BOOLEAN Reserved[3];
            DEVICE_USAGE_NOTIFICATION_TYPE POINTER_ALIGNMENT Type;
        } UsageNotification;
        struct {
            SYSTEM_POWER_STATE PowerState;
        } WaitWake;
        struct {
            PPOWER_SEQUENCE PowerSequence;
        } PowerSequence;
        struct {
            union {
                ULONG SystemContext;
                SYSTEM_POWER_STATE_CONTEXT SystemPowerStateContext;
            };
            POWER_STATE_TYPE POINTER_ALIGNMENT Type;
            POWER_STATE POINTER_ALIGNMENT State;
            POWER_ACTION POINTER_ALIGNMENT ShutdownType;
        } Power;
        struct {
            PCM_RESOURCE_LIST AllocatedResources;
            PCM_RESOURCE_LIST AllocatedResourcesTranslated;
        } StartDevice;
        struct {
            ULONG_PTR ProviderId;
            PVOID DataPath;
            ULONG BufferSize;
            PVOID Buffer;
        } WMI;
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine;
    PVOID Context;
} IO_STACK_LOCATION, *PIO_STACK_LOCATION;
C_ASSERT(offsetof(IO_STACK_LOCATION, Parameters) == 8);
C_ASSERT(offsetof(IO_STACK_LOCATION, DeviceObject) == 0x28);
C_ASSERT(offsetof(IO_STACK_LOCATION, CompletionRoutine) == 0x38);
C_ASSERT(sizeof(IO_STACK_LOCATION) == 0x48);
C_ASSERT(offsetof(IO_STACK_LOCATION, Parameters.Read.ByteOffset) == 24);
C_ASSERT(offsetof(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode) == 24);
C_ASSERT(offsetof(IO_STACK_LOCATION, Parameters.Create.ShareAccess) == 26);

// Ends of a driver that breaks a rule of these. DDK_IRP_SKIPPED is in AllocationFlags between
// IoSkipCurrentIrpStackLocation and IoCallDriver.
#define DDK_IRP_SKIPPED 0x10
DECLSPEC_NORETURN VOID DdkNoStackLocation(const IRP *irp);
DECLSPEC_NORETURN VOID DdkSkippedStackLocation(PIRP irp, const char *rule);
DECLSPEC_NORETURN VOID DdkIrqlTooHigh(KIRQL irql, const char *rule);
FORCEINLINE VOID DdkRequireDispatchLevel(const char *rule)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irql > DISPATCH_LEVEL)
        DdkIrqlTooHigh(irql, rule);
}

FORCEINLINE PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(PIRP irp)
{
    return irp->Tail.Overlay.CurrentStackLocation;
}

FORCEINLINE PIO_STACK_LOCATION IoGetNextIrpStackLocation(PIRP irp)
{
    return irp->Tail.Overlay.CurrentStackLocation - 1;
}

// For a driver that made the IRP and gives itself a location.
FORCEINLINE VOID IoSetNextIrpStackLocation(PIRP irp)
{
    if (irp->CurrentLocation <= 1)
        DdkNoStackLocation(irp);
    irp->CurrentLocation--;
    irp->Tail.Overlay.CurrentStackLocation--;
}

// The lower driver gets my location. No completion routine may be set afterwards.
FORCEINLINE VOID IoSkipCurrentIrpStackLocation(PIRP irp)
{
    if (irp->CurrentLocation > irp->StackCount)
        DdkNoStackLocation(irp);
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
    irp->AllocationFlags |= DDK_IRP_SKIPPED;
}

// Copies everything but the completion routine and its control bits. IRQL <= DISPATCH_LEVEL.
FORCEINLINE VOID IoCopyCurrentIrpStackLocationToNext(PIRP irp)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    DdkRequireDispatchLevel("IoCopyCurrentIrpStackLocationToNext above DISPATCH_LEVEL");
    if (irp->CurrentLocation <= 1)
        DdkNoStackLocation(irp);
    if ((irp->AllocationFlags & DDK_IRP_SKIPPED) != 0)
        DdkSkippedStackLocation(irp, "IoCopyCurrentIrpStackLocationToNext after "
                                     "IoSkipCurrentIrpStackLocation");
    memcpy(next, IoGetCurrentIrpStackLocation(irp), offsetof(IO_STACK_LOCATION, CompletionRoutine));
    next->Control = 0;
}

// What a completion routine returns: to let the completion go on, or to keep the IRP.
#define STATUS_CONTINUE_COMPLETION STATUS_SUCCESS
typedef enum _IO_COMPLETION_ROUTINE_RESULT {
    ContinueCompletion = STATUS_CONTINUE_COMPLETION,
    StopCompletion = STATUS_MORE_PROCESSING_REQUIRED
} IO_COMPLETION_ROUTINE_RESULT,
    *PIO_COMPLETION_ROUTINE_RESULT;

// routine runs when the lower driver completes, at IRQL <= DISPATCH_LEVEL in any thread; it returns
// STATUS_MORE_PROCESSING_REQUIRED to keep the IRP, anything else to let it go on.
FORCEINLINE VOID IoSetCompletionRoutine(PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context,
                                        BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    DdkRequireDispatchLevel("IoSetCompletionRoutine above DISPATCH_LEVEL");
    if (irp->CurrentLocation <= 1)
        DdkNoStackLocation(irp);
    if ((irp->AllocationFlags & DDK_IRP_SKIPPED) != 0)
        DdkSkippedStackLocation(irp, "IoSetCompletionRoutine after IoSkipCurrentIrpStackLocation: "
                                     "it overwrites the completion routine of the driver above");
    next->CompletionRoutine = routine;
    next->Context = context;
    next->Control =
        (UCHAR)((on_success ? SL_INVOKE_ON_SUCCESS : 0) | (on_error ? SL_INVOKE_ON_ERROR : 0) |
                (on_cancel ? SL_INVOKE_ON_CANCEL : 0));
}

// Same, keeping device referenced until the routine has returned. STATUS_INSUFFICIENT_RESOURCES:
// nothing was set. The IRP must be sent after success, or memory is lost. IRQL <= DISPATCH_LEVEL.
NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT device, PIRP irp, PIO_COMPLETION_ROUTINE routine,
                                  PVOID context, BOOLEAN on_success, BOOLEAN on_error,
                                  BOOLEAN on_cancel);

// Promise to return STATUS_PENDING for my location.
FORCEINLINE VOID IoMarkIrpPending(PIRP irp)
{
    if ((irp->AllocationFlags & DDK_IRP_SKIPPED) != 0)
        DdkSkippedStackLocation(irp, "IoMarkIrpPending after IoSkipCurrentIrpStackLocation: the "
                                     "location is that of the driver above");
    IoGetCurrentIrpStackLocation(irp)->Control |= SL_PENDING_RETURNED;
}

FORCEINLINE VOID IoUnmarkIrpPending(PIRP irp)
{
    IoGetCurrentIrpStackLocation(irp)->Control &= (UCHAR)~SL_PENDING_RETURNED;
}

#define IoRetardCurrentIrpStackLocation(irp)                                                       \
    ((irp)->CurrentLocation++, (irp)->Tail.Overlay.CurrentStackLocation++)
#define IoGetPreviousIrpStackLocation(irp) ((irp)->Tail.Overlay.CurrentStackLocation + 1)

#endif
