// SPDX-License-Identifier: MIT
//
// The file-system part: structures of the information classes ([MS-FSCC] sections 2.4 and 2.5),
// FSCTL codes, mounting, registration of a file system, and the FsRtl routines it uses.
// Lengths of names are bytes, names are not terminated; entries of a directory listing start at
// multiples of 8 bytes and NextEntryOffset of the last one is 0.
// Documentation: nf-ntifs-ioregisterfilesystem, "IRP_MJ_DIRECTORY_CONTROL" and neighbours.

#ifndef DDK_NTIFS_H
#define DDK_NTIFS_H

#include <ntddk.h>

typedef struct _FILE_DIRECTORY_INFORMATION {
    ULONG NextEntryOffset;
    ULONG FileIndex;
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER EndOfFile;
    LARGE_INTEGER AllocationSize;
    ULONG FileAttributes;
    ULONG FileNameLength;
    WCHAR FileName[1];
} FILE_DIRECTORY_INFORMATION, *PFILE_DIRECTORY_INFORMATION;

typedef struct _FILE_FULL_DIR_INFORMATION {
    ULONG NextEntryOffset;
    ULONG FileIndex;
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER EndOfFile;
    LARGE_INTEGER AllocationSize;
    ULONG FileAttributes;
    ULONG FileNameLength;
    ULONG EaSize;
    WCHAR FileName[1];
} FILE_FULL_DIR_INFORMATION, *PFILE_FULL_DIR_INFORMATION;

typedef struct _FILE_BOTH_DIR_INFORMATION {
    ULONG NextEntryOffset;
    ULONG FileIndex;
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER EndOfFile;
    LARGE_INTEGER AllocationSize;
    ULONG FileAttributes;
    ULONG FileNameLength;
    ULONG EaSize;
    CCHAR ShortNameLength;
    WCHAR ShortName[12];
    WCHAR FileName[1];
} FILE_BOTH_DIR_INFORMATION, *PFILE_BOTH_DIR_INFORMATION;

typedef struct _FILE_NAMES_INFORMATION {
    ULONG NextEntryOffset;
    ULONG FileIndex;
    ULONG FileNameLength;
    WCHAR FileName[1];
} FILE_NAMES_INFORMATION, *PFILE_NAMES_INFORMATION;

C_ASSERT(offsetof(FILE_DIRECTORY_INFORMATION, FileName) == 64);
C_ASSERT(offsetof(FILE_FULL_DIR_INFORMATION, FileName) == 68);
C_ASSERT(offsetof(FILE_BOTH_DIR_INFORMATION, FileName) == 94);
C_ASSERT(offsetof(FILE_NAMES_INFORMATION, FileName) == 12);

typedef struct _FILE_INTERNAL_INFORMATION {
    LARGE_INTEGER IndexNumber;
} FILE_INTERNAL_INFORMATION, *PFILE_INTERNAL_INFORMATION;
typedef struct _FILE_EA_INFORMATION {
    ULONG EaSize;
} FILE_EA_INFORMATION, *PFILE_EA_INFORMATION;
typedef struct _FILE_ACCESS_INFORMATION {
    ACCESS_MASK AccessFlags;
} FILE_ACCESS_INFORMATION, *PFILE_ACCESS_INFORMATION;
typedef struct _FILE_MODE_INFORMATION {
    ULONG Mode;
} FILE_MODE_INFORMATION, *PFILE_MODE_INFORMATION;
typedef struct _FILE_ATTRIBUTE_TAG_INFORMATION {
    ULONG FileAttributes;
    ULONG ReparseTag;
} FILE_ATTRIBUTE_TAG_INFORMATION, *PFILE_ATTRIBUTE_TAG_INFORMATION;
typedef struct _FILE_ALLOCATION_INFORMATION {
    LARGE_INTEGER AllocationSize;
} FILE_ALLOCATION_INFORMATION, *PFILE_ALLOCATION_INFORMATION;
typedef struct _FILE_VALID_DATA_LENGTH_INFORMATION {
    LARGE_INTEGER ValidDataLength;
} FILE_VALID_DATA_LENGTH_INFORMATION, *PFILE_VALID_DATA_LENGTH_INFORMATION;

typedef struct _FILE_ALL_INFORMATION {
    FILE_BASIC_INFORMATION BasicInformation;
    FILE_STANDARD_INFORMATION StandardInformation;
    FILE_INTERNAL_INFORMATION InternalInformation;
    FILE_EA_INFORMATION EaInformation;
    FILE_ACCESS_INFORMATION AccessInformation;
    FILE_POSITION_INFORMATION PositionInformation;
    FILE_MODE_INFORMATION ModeInformation;
    FILE_ALIGNMENT_INFORMATION AlignmentInformation;
    FILE_NAME_INFORMATION NameInformation;
} FILE_ALL_INFORMATION, *PFILE_ALL_INFORMATION;

// FileName is the new name: a full path, or relative to RootDirectory, or in the same directory.
typedef struct _FILE_RENAME_INFORMATION {
    union {
        BOOLEAN ReplaceIfExists;
        ULONG Flags;
    };
    HANDLE RootDirectory;
    ULONG FileNameLength;
    WCHAR FileName[1];
} FILE_RENAME_INFORMATION, *PFILE_RENAME_INFORMATION;
typedef FILE_RENAME_INFORMATION FILE_LINK_INFORMATION, *PFILE_LINK_INFORMATION;
C_ASSERT(offsetof(FILE_RENAME_INFORMATION, FileName) == 20);
C_ASSERT(offsetof(FILE_ALL_INFORMATION, NameInformation) == 96);

typedef struct _FILE_FS_VOLUME_INFORMATION {
    LARGE_INTEGER VolumeCreationTime;
    ULONG VolumeSerialNumber;
    ULONG VolumeLabelLength;
    BOOLEAN SupportsObjects;
    WCHAR VolumeLabel[1];
} FILE_FS_VOLUME_INFORMATION, *PFILE_FS_VOLUME_INFORMATION;

typedef struct _FILE_FS_LABEL_INFORMATION {
    ULONG VolumeLabelLength;
    WCHAR VolumeLabel[1];
} FILE_FS_LABEL_INFORMATION, *PFILE_FS_LABEL_INFORMATION;

typedef struct _FILE_FS_SIZE_INFORMATION {
    LARGE_INTEGER TotalAllocationUnits;
    LARGE_INTEGER AvailableAllocationUnits;
    ULONG SectorsPerAllocationUnit;
    ULONG BytesPerSector;
} FILE_FS_SIZE_INFORMATION, *PFILE_FS_SIZE_INFORMATION;

typedef struct _FILE_FS_FULL_SIZE_INFORMATION {
    LARGE_INTEGER TotalAllocationUnits;
    LARGE_INTEGER CallerAvailableAllocationUnits;
    LARGE_INTEGER ActualAvailableAllocationUnits;
    ULONG SectorsPerAllocationUnit;
    ULONG BytesPerSector;
} FILE_FS_FULL_SIZE_INFORMATION, *PFILE_FS_FULL_SIZE_INFORMATION;

typedef struct _FILE_FS_ATTRIBUTE_INFORMATION {
    ULONG FileSystemAttributes;
    LONG MaximumComponentNameLength;
    ULONG FileSystemNameLength;
    WCHAR FileSystemName[1];
} FILE_FS_ATTRIBUTE_INFORMATION, *PFILE_FS_ATTRIBUTE_INFORMATION;
C_ASSERT(offsetof(FILE_FS_VOLUME_INFORMATION, VolumeLabel) == 18);
C_ASSERT(sizeof(FILE_FS_SIZE_INFORMATION) == 24);
C_ASSERT(offsetof(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName) == 12);

#define FILE_CASE_SENSITIVE_SEARCH 0x00000001
#define FILE_CASE_PRESERVED_NAMES  0x00000002
#define FILE_UNICODE_ON_DISK       0x00000004
#define FILE_PERSISTENT_ACLS       0x00000008
#define FILE_READ_ONLY_VOLUME      0x00080000

#define FILE_NOTIFY_CHANGE_FILE_NAME  0x00000001
#define FILE_NOTIFY_CHANGE_DIR_NAME   0x00000002
#define FILE_NOTIFY_CHANGE_ATTRIBUTES 0x00000004
#define FILE_NOTIFY_CHANGE_SIZE       0x00000008
#define FILE_NOTIFY_CHANGE_LAST_WRITE 0x00000010
#define FILE_NOTIFY_CHANGE_CREATION   0x00000040

#define FSCTL_LOCK_VOLUME     CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 6, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_UNLOCK_VOLUME   CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 7, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_DISMOUNT_VOLUME CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 8, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_IS_VOLUME_MOUNTED                                                                    \
    CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 10, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_IS_PATHNAME_VALID                                                                    \
    CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 11, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_MARK_VOLUME_DIRTY                                                                    \
    CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 12, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_IS_VOLUME_DIRTY                                                                      \
    CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 30, METHOD_BUFFERED, FILE_ANY_ACCESS)

// Makes a control device the one that gets mount requests for its device type (disk, CD-ROM, ...).
// Unregister takes it back. PASSIVE_LEVEL.
VOID IoRegisterFileSystem(PDEVICE_OBJECT device);
VOID IoUnregisterFileSystem(PDEVICE_OBJECT device);

// A file object without a handle for a device, for requests a file system makes itself. Free with
// ObDereferenceObject.
PFILE_OBJECT IoCreateStreamFileObject(PFILE_OBJECT file, PDEVICE_OBJECT device);
PFILE_OBJECT IoCreateStreamFileObjectLite(PFILE_OBJECT file, PDEVICE_OBJECT device);
VOID IoAcquireVpbSpinLock(PKIRQL irql);
VOID IoReleaseVpbSpinLock(KIRQL irql);
PDEVICE_OBJECT IoGetBaseFileSystemDeviceObject(PFILE_OBJECT file);
BOOLEAN IoIsOperationSynchronous(PIRP irp);
#define IoIsSynchronousPagingIo(irp) (((irp)->Flags & IRP_SYNCHRONOUS_PAGING_IO) != 0)

// Head of an FsContext as system components expect it.
typedef struct _FSRTL_COMMON_FCB_HEADER {
    CSHORT NodeTypeCode;
    CSHORT NodeByteSize;
    UCHAR Flags;
    UCHAR IsFastIoPossible;
    UCHAR Flags2;
    UCHAR Reserved : 4;
    UCHAR Version : 4;
    PERESOURCE Resource;
    PERESOURCE PagingIoResource;
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER FileSize;
    LARGE_INTEGER ValidDataLength;
} FSRTL_COMMON_FCB_HEADER, *PFSRTL_COMMON_FCB_HEADER;
C_ASSERT(sizeof(FSRTL_COMMON_FCB_HEADER) == 48);

// FALSE for the characters that no FAT/NTFS name may hold, wildcards only when asked for.
BOOLEAN FsRtlIsNameInExpression(PUNICODE_STRING expression, PUNICODE_STRING name,
                                BOOLEAN ignore_case, PWCH upcase_table);
BOOLEAN FsRtlDoesNameContainWildCards(PUNICODE_STRING name);
BOOLEAN FsRtlIsAnsiCharacterLegalFat(UCHAR c, BOOLEAN wild_ok);
VOID FsRtlDissectName(UNICODE_STRING path, PUNICODE_STRING first, PUNICODE_STRING rest);
BOOLEAN FsRtlAreNamesEqual(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case,
                           PCWCH upcase_table);
BOOLEAN FsRtlIsNtstatusExpected(NTSTATUS status);
NTSTATUS FsRtlNormalizeNtstatus(NTSTATUS exception, NTSTATUS generic);

// DOS wildcard forms of an expression.
#define ANSI_DOS_STAR ('<')
#define ANSI_DOS_QM   ('>')
#define ANSI_DOS_DOT  ('"')
#define DOS_STAR      ((WCHAR)'<')
#define DOS_QM        ((WCHAR)'>')
#define DOS_DOT       ((WCHAR)'"')

// Of this kit: an open file, and all that were opened at its path or below, lie elsewhere now, so
// the path that they were opened with must not lead the driver's next task to them
// (docs/restart-contract.md, "File systems"). Does nothing for files that nobody else knows.
// PASSIVE_LEVEL, may block.
VOID DdkFileMoved(PFILE_OBJECT file);

#endif
