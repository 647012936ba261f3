// SPDX-License-Identifier: MIT
//
// User-mode accessors of scalars: IRQL <= APC_LEVEL, each of them.

#include "uaccess.h"

static BOOLEAN vBoolean;
DDI_IRQL_MAX(ReadBooleanFromUser, APC_LEVEL, IN_TRY((VOID)ReadBooleanFromUser(&vBoolean)))
DDI_IRQL_MAX(ReadBooleanFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadBooleanFromMode(&vBoolean, KernelMode)))
DDI_IRQL_MAX(WriteBooleanToUser, APC_LEVEL, IN_TRY((VOID)WriteBooleanToUser(&vBoolean, vBoolean)))
DDI_IRQL_MAX(WriteBooleanToMode, APC_LEVEL,
             IN_TRY((VOID)WriteBooleanToMode(&vBoolean, vBoolean, KernelMode)))
DDI_IRQL_MAX(ReadBooleanFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadBooleanFromUserAcquire(&vBoolean)))
DDI_IRQL_MAX(WriteBooleanToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteBooleanToUserRelease(&vBoolean, vBoolean)))
static CHAR vChar;
DDI_IRQL_MAX(ReadCharFromUser, APC_LEVEL, IN_TRY((VOID)ReadCharFromUser(&vChar)))
DDI_IRQL_MAX(ReadCharFromMode, APC_LEVEL, IN_TRY((VOID)ReadCharFromMode(&vChar, KernelMode)))
DDI_IRQL_MAX(WriteCharToUser, APC_LEVEL, IN_TRY((VOID)WriteCharToUser(&vChar, vChar)))
DDI_IRQL_MAX(WriteCharToMode, APC_LEVEL, IN_TRY((VOID)WriteCharToMode(&vChar, vChar, KernelMode)))
DDI_IRQL_MAX(ReadCharFromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadCharFromUserAcquire(&vChar)))
DDI_IRQL_MAX(WriteCharToUserRelease, APC_LEVEL, IN_TRY((VOID)WriteCharToUserRelease(&vChar, vChar)))
static UCHAR vUChar;
DDI_IRQL_MAX(ReadUCharFromUser, APC_LEVEL, IN_TRY((VOID)ReadUCharFromUser(&vUChar)))
DDI_IRQL_MAX(ReadUCharFromMode, APC_LEVEL, IN_TRY((VOID)ReadUCharFromMode(&vUChar, KernelMode)))
DDI_IRQL_MAX(WriteUCharToUser, APC_LEVEL, IN_TRY((VOID)WriteUCharToUser(&vUChar, vUChar)))
DDI_IRQL_MAX(WriteUCharToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUCharToMode(&vUChar, vUChar, KernelMode)))
DDI_IRQL_MAX(ReadUCharFromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadUCharFromUserAcquire(&vUChar)))
DDI_IRQL_MAX(WriteUCharToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteUCharToUserRelease(&vUChar, vUChar)))
static SHORT vShort;
DDI_IRQL_MAX(ReadShortFromUser, APC_LEVEL, IN_TRY((VOID)ReadShortFromUser(&vShort)))
DDI_IRQL_MAX(ReadShortFromMode, APC_LEVEL, IN_TRY((VOID)ReadShortFromMode(&vShort, KernelMode)))
DDI_IRQL_MAX(WriteShortToUser, APC_LEVEL, IN_TRY((VOID)WriteShortToUser(&vShort, vShort)))
DDI_IRQL_MAX(WriteShortToMode, APC_LEVEL,
             IN_TRY((VOID)WriteShortToMode(&vShort, vShort, KernelMode)))
DDI_IRQL_MAX(ReadShortFromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadShortFromUserAcquire(&vShort)))
DDI_IRQL_MAX(WriteShortToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteShortToUserRelease(&vShort, vShort)))
static USHORT vUShort;
DDI_IRQL_MAX(ReadUShortFromUser, APC_LEVEL, IN_TRY((VOID)ReadUShortFromUser(&vUShort)))
DDI_IRQL_MAX(ReadUShortFromMode, APC_LEVEL, IN_TRY((VOID)ReadUShortFromMode(&vUShort, KernelMode)))
DDI_IRQL_MAX(WriteUShortToUser, APC_LEVEL, IN_TRY((VOID)WriteUShortToUser(&vUShort, vUShort)))
DDI_IRQL_MAX(WriteUShortToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUShortToMode(&vUShort, vUShort, KernelMode)))
DDI_IRQL_MAX(ReadUShortFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadUShortFromUserAcquire(&vUShort)))
DDI_IRQL_MAX(WriteUShortToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteUShortToUserRelease(&vUShort, vUShort)))
static LONG vLong;
DDI_IRQL_MAX(ReadLongFromUser, APC_LEVEL, IN_TRY((VOID)ReadLongFromUser(&vLong)))
DDI_IRQL_MAX(ReadLongFromMode, APC_LEVEL, IN_TRY((VOID)ReadLongFromMode(&vLong, KernelMode)))
DDI_IRQL_MAX(WriteLongToUser, APC_LEVEL, IN_TRY((VOID)WriteLongToUser(&vLong, vLong)))
DDI_IRQL_MAX(WriteLongToMode, APC_LEVEL, IN_TRY((VOID)WriteLongToMode(&vLong, vLong, KernelMode)))
DDI_IRQL_MAX(ReadLongFromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadLongFromUserAcquire(&vLong)))
DDI_IRQL_MAX(WriteLongToUserRelease, APC_LEVEL, IN_TRY((VOID)WriteLongToUserRelease(&vLong, vLong)))
static ULONG vULong;
DDI_IRQL_MAX(ReadULongFromUser, APC_LEVEL, IN_TRY((VOID)ReadULongFromUser(&vULong)))
DDI_IRQL_MAX(ReadULongFromMode, APC_LEVEL, IN_TRY((VOID)ReadULongFromMode(&vULong, KernelMode)))
DDI_IRQL_MAX(WriteULongToUser, APC_LEVEL, IN_TRY((VOID)WriteULongToUser(&vULong, vULong)))
DDI_IRQL_MAX(WriteULongToMode, APC_LEVEL,
             IN_TRY((VOID)WriteULongToMode(&vULong, vULong, KernelMode)))
DDI_IRQL_MAX(ReadULongFromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadULongFromUserAcquire(&vULong)))
DDI_IRQL_MAX(WriteULongToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteULongToUserRelease(&vULong, vULong)))
static LONG64 vLong64;
DDI_IRQL_MAX(ReadLong64FromUser, APC_LEVEL, IN_TRY((VOID)ReadLong64FromUser(&vLong64)))
DDI_IRQL_MAX(ReadLong64FromMode, APC_LEVEL, IN_TRY((VOID)ReadLong64FromMode(&vLong64, KernelMode)))
DDI_IRQL_MAX(WriteLong64ToUser, APC_LEVEL, IN_TRY((VOID)WriteLong64ToUser(&vLong64, vLong64)))
DDI_IRQL_MAX(WriteLong64ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteLong64ToMode(&vLong64, vLong64, KernelMode)))
DDI_IRQL_MAX(ReadLong64FromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadLong64FromUserAcquire(&vLong64)))
DDI_IRQL_MAX(WriteLong64ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteLong64ToUserRelease(&vLong64, vLong64)))
static ULONG64 vULong64;
DDI_IRQL_MAX(ReadULong64FromUser, APC_LEVEL, IN_TRY((VOID)ReadULong64FromUser(&vULong64)))
DDI_IRQL_MAX(ReadULong64FromMode, APC_LEVEL,
             IN_TRY((VOID)ReadULong64FromMode(&vULong64, KernelMode)))
DDI_IRQL_MAX(WriteULong64ToUser, APC_LEVEL, IN_TRY((VOID)WriteULong64ToUser(&vULong64, vULong64)))
DDI_IRQL_MAX(WriteULong64ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteULong64ToMode(&vULong64, vULong64, KernelMode)))
DDI_IRQL_MAX(ReadULong64FromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadULong64FromUserAcquire(&vULong64)))
DDI_IRQL_MAX(WriteULong64ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteULong64ToUserRelease(&vULong64, vULong64)))
static LONGLONG vLonglong;
DDI_IRQL_MAX(ReadLonglongFromUser, APC_LEVEL, IN_TRY((VOID)ReadLonglongFromUser(&vLonglong)))
DDI_IRQL_MAX(ReadLonglongFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadLonglongFromMode(&vLonglong, KernelMode)))
DDI_IRQL_MAX(WriteLonglongToUser, APC_LEVEL,
             IN_TRY((VOID)WriteLonglongToUser(&vLonglong, vLonglong)))
DDI_IRQL_MAX(WriteLonglongToMode, APC_LEVEL,
             IN_TRY((VOID)WriteLonglongToMode(&vLonglong, vLonglong, KernelMode)))
DDI_IRQL_MAX(ReadLonglongFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadLonglongFromUserAcquire(&vLonglong)))
DDI_IRQL_MAX(WriteLonglongToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteLonglongToUserRelease(&vLonglong, vLonglong)))
static ULONGLONG vULonglong;
DDI_IRQL_MAX(ReadULonglongFromUser, APC_LEVEL, IN_TRY((VOID)ReadULonglongFromUser(&vULonglong)))
DDI_IRQL_MAX(ReadULonglongFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadULonglongFromMode(&vULonglong, KernelMode)))
DDI_IRQL_MAX(WriteULonglongToUser, APC_LEVEL,
             IN_TRY((VOID)WriteULonglongToUser(&vULonglong, vULonglong)))
DDI_IRQL_MAX(WriteULonglongToMode, APC_LEVEL,
             IN_TRY((VOID)WriteULonglongToMode(&vULonglong, vULonglong, KernelMode)))
DDI_IRQL_MAX(ReadULonglongFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadULonglongFromUserAcquire(&vULonglong)))
DDI_IRQL_MAX(WriteULonglongToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteULonglongToUserRelease(&vULonglong, vULonglong)))
static LONG_PTR vLongPtr;
DDI_IRQL_MAX(ReadLongPtrFromUser, APC_LEVEL, IN_TRY((VOID)ReadLongPtrFromUser(&vLongPtr)))
DDI_IRQL_MAX(ReadLongPtrFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadLongPtrFromMode(&vLongPtr, KernelMode)))
DDI_IRQL_MAX(WriteLongPtrToUser, APC_LEVEL, IN_TRY((VOID)WriteLongPtrToUser(&vLongPtr, vLongPtr)))
DDI_IRQL_MAX(WriteLongPtrToMode, APC_LEVEL,
             IN_TRY((VOID)WriteLongPtrToMode(&vLongPtr, vLongPtr, KernelMode)))
DDI_IRQL_MAX(ReadLongPtrFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadLongPtrFromUserAcquire(&vLongPtr)))
DDI_IRQL_MAX(WriteLongPtrToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteLongPtrToUserRelease(&vLongPtr, vLongPtr)))
static ULONG_PTR vULongPtr;
DDI_IRQL_MAX(ReadULongPtrFromUser, APC_LEVEL, IN_TRY((VOID)ReadULongPtrFromUser(&vULongPtr)))
DDI_IRQL_MAX(ReadULongPtrFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadULongPtrFromMode(&vULongPtr, KernelMode)))
DDI_IRQL_MAX(WriteULongPtrToUser, APC_LEVEL,
             IN_TRY((VOID)WriteULongPtrToUser(&vULongPtr, vULongPtr)))
DDI_IRQL_MAX(WriteULongPtrToMode, APC_LEVEL,
             IN_TRY((VOID)WriteULongPtrToMode(&vULongPtr, vULongPtr, KernelMode)))
DDI_IRQL_MAX(ReadULongPtrFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadULongPtrFromUserAcquire(&vULongPtr)))
DDI_IRQL_MAX(WriteULongPtrToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteULongPtrToUserRelease(&vULongPtr, vULongPtr)))
static INT8 vInt8;
DDI_IRQL_MAX(ReadInt8FromUser, APC_LEVEL, IN_TRY((VOID)ReadInt8FromUser(&vInt8)))
DDI_IRQL_MAX(ReadInt8FromMode, APC_LEVEL, IN_TRY((VOID)ReadInt8FromMode(&vInt8, KernelMode)))
DDI_IRQL_MAX(WriteInt8ToUser, APC_LEVEL, IN_TRY((VOID)WriteInt8ToUser(&vInt8, vInt8)))
DDI_IRQL_MAX(WriteInt8ToMode, APC_LEVEL, IN_TRY((VOID)WriteInt8ToMode(&vInt8, vInt8, KernelMode)))
DDI_IRQL_MAX(ReadInt8FromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadInt8FromUserAcquire(&vInt8)))
DDI_IRQL_MAX(WriteInt8ToUserRelease, APC_LEVEL, IN_TRY((VOID)WriteInt8ToUserRelease(&vInt8, vInt8)))
static INT16 vInt16;
DDI_IRQL_MAX(ReadInt16FromUser, APC_LEVEL, IN_TRY((VOID)ReadInt16FromUser(&vInt16)))
DDI_IRQL_MAX(ReadInt16FromMode, APC_LEVEL, IN_TRY((VOID)ReadInt16FromMode(&vInt16, KernelMode)))
DDI_IRQL_MAX(WriteInt16ToUser, APC_LEVEL, IN_TRY((VOID)WriteInt16ToUser(&vInt16, vInt16)))
DDI_IRQL_MAX(WriteInt16ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteInt16ToMode(&vInt16, vInt16, KernelMode)))
DDI_IRQL_MAX(ReadInt16FromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadInt16FromUserAcquire(&vInt16)))
DDI_IRQL_MAX(WriteInt16ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteInt16ToUserRelease(&vInt16, vInt16)))
static INT32 vInt32;
DDI_IRQL_MAX(ReadInt32FromUser, APC_LEVEL, IN_TRY((VOID)ReadInt32FromUser(&vInt32)))
DDI_IRQL_MAX(ReadInt32FromMode, APC_LEVEL, IN_TRY((VOID)ReadInt32FromMode(&vInt32, KernelMode)))
DDI_IRQL_MAX(WriteInt32ToUser, APC_LEVEL, IN_TRY((VOID)WriteInt32ToUser(&vInt32, vInt32)))
DDI_IRQL_MAX(WriteInt32ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteInt32ToMode(&vInt32, vInt32, KernelMode)))
DDI_IRQL_MAX(ReadInt32FromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadInt32FromUserAcquire(&vInt32)))
DDI_IRQL_MAX(WriteInt32ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteInt32ToUserRelease(&vInt32, vInt32)))
static INT64 vInt64;
DDI_IRQL_MAX(ReadInt64FromUser, APC_LEVEL, IN_TRY((VOID)ReadInt64FromUser(&vInt64)))
DDI_IRQL_MAX(ReadInt64FromMode, APC_LEVEL, IN_TRY((VOID)ReadInt64FromMode(&vInt64, KernelMode)))
DDI_IRQL_MAX(WriteInt64ToUser, APC_LEVEL, IN_TRY((VOID)WriteInt64ToUser(&vInt64, vInt64)))
DDI_IRQL_MAX(WriteInt64ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteInt64ToMode(&vInt64, vInt64, KernelMode)))
DDI_IRQL_MAX(ReadInt64FromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadInt64FromUserAcquire(&vInt64)))
DDI_IRQL_MAX(WriteInt64ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteInt64ToUserRelease(&vInt64, vInt64)))
static UINT8 vUInt8;
DDI_IRQL_MAX(ReadUInt8FromUser, APC_LEVEL, IN_TRY((VOID)ReadUInt8FromUser(&vUInt8)))
DDI_IRQL_MAX(ReadUInt8FromMode, APC_LEVEL, IN_TRY((VOID)ReadUInt8FromMode(&vUInt8, KernelMode)))
DDI_IRQL_MAX(WriteUInt8ToUser, APC_LEVEL, IN_TRY((VOID)WriteUInt8ToUser(&vUInt8, vUInt8)))
DDI_IRQL_MAX(WriteUInt8ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUInt8ToMode(&vUInt8, vUInt8, KernelMode)))
DDI_IRQL_MAX(ReadUInt8FromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadUInt8FromUserAcquire(&vUInt8)))
DDI_IRQL_MAX(WriteUInt8ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteUInt8ToUserRelease(&vUInt8, vUInt8)))
static UINT16 vUInt16;
DDI_IRQL_MAX(ReadUInt16FromUser, APC_LEVEL, IN_TRY((VOID)ReadUInt16FromUser(&vUInt16)))
DDI_IRQL_MAX(ReadUInt16FromMode, APC_LEVEL, IN_TRY((VOID)ReadUInt16FromMode(&vUInt16, KernelMode)))
DDI_IRQL_MAX(WriteUInt16ToUser, APC_LEVEL, IN_TRY((VOID)WriteUInt16ToUser(&vUInt16, vUInt16)))
DDI_IRQL_MAX(WriteUInt16ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUInt16ToMode(&vUInt16, vUInt16, KernelMode)))
DDI_IRQL_MAX(ReadUInt16FromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadUInt16FromUserAcquire(&vUInt16)))
DDI_IRQL_MAX(WriteUInt16ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteUInt16ToUserRelease(&vUInt16, vUInt16)))
static UINT32 vUInt32;
DDI_IRQL_MAX(ReadUInt32FromUser, APC_LEVEL, IN_TRY((VOID)ReadUInt32FromUser(&vUInt32)))
DDI_IRQL_MAX(ReadUInt32FromMode, APC_LEVEL, IN_TRY((VOID)ReadUInt32FromMode(&vUInt32, KernelMode)))
DDI_IRQL_MAX(WriteUInt32ToUser, APC_LEVEL, IN_TRY((VOID)WriteUInt32ToUser(&vUInt32, vUInt32)))
DDI_IRQL_MAX(WriteUInt32ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUInt32ToMode(&vUInt32, vUInt32, KernelMode)))
DDI_IRQL_MAX(ReadUInt32FromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadUInt32FromUserAcquire(&vUInt32)))
DDI_IRQL_MAX(WriteUInt32ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteUInt32ToUserRelease(&vUInt32, vUInt32)))
static UINT64 vUInt64;
DDI_IRQL_MAX(ReadUInt64FromUser, APC_LEVEL, IN_TRY((VOID)ReadUInt64FromUser(&vUInt64)))
DDI_IRQL_MAX(ReadUInt64FromMode, APC_LEVEL, IN_TRY((VOID)ReadUInt64FromMode(&vUInt64, KernelMode)))
DDI_IRQL_MAX(WriteUInt64ToUser, APC_LEVEL, IN_TRY((VOID)WriteUInt64ToUser(&vUInt64, vUInt64)))
DDI_IRQL_MAX(WriteUInt64ToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUInt64ToMode(&vUInt64, vUInt64, KernelMode)))
DDI_IRQL_MAX(ReadUInt64FromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadUInt64FromUserAcquire(&vUInt64)))
DDI_IRQL_MAX(WriteUInt64ToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteUInt64ToUserRelease(&vUInt64, vUInt64)))
static INT_PTR vIntPtr;
DDI_IRQL_MAX(ReadIntPtrFromUser, APC_LEVEL, IN_TRY((VOID)ReadIntPtrFromUser(&vIntPtr)))
DDI_IRQL_MAX(ReadIntPtrFromMode, APC_LEVEL, IN_TRY((VOID)ReadIntPtrFromMode(&vIntPtr, KernelMode)))
DDI_IRQL_MAX(WriteIntPtrToUser, APC_LEVEL, IN_TRY((VOID)WriteIntPtrToUser(&vIntPtr, vIntPtr)))
DDI_IRQL_MAX(WriteIntPtrToMode, APC_LEVEL,
             IN_TRY((VOID)WriteIntPtrToMode(&vIntPtr, vIntPtr, KernelMode)))
DDI_IRQL_MAX(ReadIntPtrFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadIntPtrFromUserAcquire(&vIntPtr)))
DDI_IRQL_MAX(WriteIntPtrToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteIntPtrToUserRelease(&vIntPtr, vIntPtr)))
static UINT_PTR vUIntPtr;
DDI_IRQL_MAX(ReadUIntPtrFromUser, APC_LEVEL, IN_TRY((VOID)ReadUIntPtrFromUser(&vUIntPtr)))
DDI_IRQL_MAX(ReadUIntPtrFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadUIntPtrFromMode(&vUIntPtr, KernelMode)))
DDI_IRQL_MAX(WriteUIntPtrToUser, APC_LEVEL, IN_TRY((VOID)WriteUIntPtrToUser(&vUIntPtr, vUIntPtr)))
DDI_IRQL_MAX(WriteUIntPtrToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUIntPtrToMode(&vUIntPtr, vUIntPtr, KernelMode)))
DDI_IRQL_MAX(ReadUIntPtrFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadUIntPtrFromUserAcquire(&vUIntPtr)))
DDI_IRQL_MAX(WriteUIntPtrToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteUIntPtrToUserRelease(&vUIntPtr, vUIntPtr)))
static SIZE_T vSizeT;
DDI_IRQL_MAX(ReadSizeTFromUser, APC_LEVEL, IN_TRY((VOID)ReadSizeTFromUser(&vSizeT)))
DDI_IRQL_MAX(ReadSizeTFromMode, APC_LEVEL, IN_TRY((VOID)ReadSizeTFromMode(&vSizeT, KernelMode)))
DDI_IRQL_MAX(WriteSizeTToUser, APC_LEVEL, IN_TRY((VOID)WriteSizeTToUser(&vSizeT, vSizeT)))
DDI_IRQL_MAX(WriteSizeTToMode, APC_LEVEL,
             IN_TRY((VOID)WriteSizeTToMode(&vSizeT, vSizeT, KernelMode)))
DDI_IRQL_MAX(ReadSizeTFromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadSizeTFromUserAcquire(&vSizeT)))
DDI_IRQL_MAX(WriteSizeTToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteSizeTToUserRelease(&vSizeT, vSizeT)))
static SSIZE_T vSSizeT;
DDI_IRQL_MAX(ReadSSizeTFromUser, APC_LEVEL, IN_TRY((VOID)ReadSSizeTFromUser(&vSSizeT)))
DDI_IRQL_MAX(ReadSSizeTFromMode, APC_LEVEL, IN_TRY((VOID)ReadSSizeTFromMode(&vSSizeT, KernelMode)))
DDI_IRQL_MAX(WriteSSizeTToUser, APC_LEVEL, IN_TRY((VOID)WriteSSizeTToUser(&vSSizeT, vSSizeT)))
DDI_IRQL_MAX(WriteSSizeTToMode, APC_LEVEL,
             IN_TRY((VOID)WriteSSizeTToMode(&vSSizeT, vSSizeT, KernelMode)))
DDI_IRQL_MAX(ReadSSizeTFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadSSizeTFromUserAcquire(&vSSizeT)))
DDI_IRQL_MAX(WriteSSizeTToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteSSizeTToUserRelease(&vSSizeT, vSSizeT)))
static HANDLE vHandle;
DDI_IRQL_MAX(ReadHandleFromUser, APC_LEVEL, IN_TRY((VOID)ReadHandleFromUser(&vHandle)))
DDI_IRQL_MAX(ReadHandleFromMode, APC_LEVEL, IN_TRY((VOID)ReadHandleFromMode(&vHandle, KernelMode)))
DDI_IRQL_MAX(WriteHandleToUser, APC_LEVEL, IN_TRY((VOID)WriteHandleToUser(&vHandle, vHandle)))
DDI_IRQL_MAX(WriteHandleToMode, APC_LEVEL,
             IN_TRY((VOID)WriteHandleToMode(&vHandle, vHandle, KernelMode)))
DDI_IRQL_MAX(ReadHandleFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadHandleFromUserAcquire(&vHandle)))
DDI_IRQL_MAX(WriteHandleToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteHandleToUserRelease(&vHandle, vHandle)))
static NTSTATUS vNtStatus;
DDI_IRQL_MAX(ReadNtStatusFromUser, APC_LEVEL, IN_TRY((VOID)ReadNtStatusFromUser(&vNtStatus)))
DDI_IRQL_MAX(ReadNtStatusFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadNtStatusFromMode(&vNtStatus, KernelMode)))
DDI_IRQL_MAX(WriteNtStatusToUser, APC_LEVEL,
             IN_TRY((VOID)WriteNtStatusToUser(&vNtStatus, vNtStatus)))
DDI_IRQL_MAX(WriteNtStatusToMode, APC_LEVEL,
             IN_TRY((VOID)WriteNtStatusToMode(&vNtStatus, vNtStatus, KernelMode)))
DDI_IRQL_MAX(ReadNtStatusFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadNtStatusFromUserAcquire(&vNtStatus)))
DDI_IRQL_MAX(WriteNtStatusToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteNtStatusToUserRelease(&vNtStatus, vNtStatus)))
static PVOID vPointer;
DDI_IRQL_MAX(ReadPointerFromUser, APC_LEVEL, IN_TRY((VOID)ReadPointerFromUser(&vPointer)))
DDI_IRQL_MAX(ReadPointerFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadPointerFromMode(&vPointer, KernelMode)))
DDI_IRQL_MAX(WritePointerToUser, APC_LEVEL, IN_TRY((VOID)WritePointerToUser(&vPointer, vPointer)))
DDI_IRQL_MAX(WritePointerToMode, APC_LEVEL,
             IN_TRY((VOID)WritePointerToMode(&vPointer, vPointer, KernelMode)))
DDI_IRQL_MAX(ReadPointerFromUserAcquire, APC_LEVEL,
             IN_TRY((VOID)ReadPointerFromUserAcquire(&vPointer)))
DDI_IRQL_MAX(WritePointerToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WritePointerToUserRelease(&vPointer, vPointer)))
static WCHAR vWChar;
DDI_IRQL_MAX(ReadWCharFromUser, APC_LEVEL, IN_TRY((VOID)ReadWCharFromUser(&vWChar)))
DDI_IRQL_MAX(ReadWCharFromMode, APC_LEVEL, IN_TRY((VOID)ReadWCharFromMode(&vWChar, KernelMode)))
DDI_IRQL_MAX(WriteWCharToUser, APC_LEVEL, IN_TRY((VOID)WriteWCharToUser(&vWChar, vWChar)))
DDI_IRQL_MAX(WriteWCharToMode, APC_LEVEL,
             IN_TRY((VOID)WriteWCharToMode(&vWChar, vWChar, KernelMode)))
DDI_IRQL_MAX(ReadWCharFromUserAcquire, APC_LEVEL, IN_TRY((VOID)ReadWCharFromUserAcquire(&vWChar)))
DDI_IRQL_MAX(WriteWCharToUserRelease, APC_LEVEL,
             IN_TRY((VOID)WriteWCharToUserRelease(&vWChar, vWChar)))
static LARGE_INTEGER vLargeInteger;
DDI_IRQL_MAX(ReadLargeIntegerFromUser, APC_LEVEL,
             IN_TRY((VOID)ReadLargeIntegerFromUser(&vLargeInteger)))
DDI_IRQL_MAX(ReadLargeIntegerFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadLargeIntegerFromMode(&vLargeInteger, KernelMode)))
DDI_IRQL_MAX(WriteLargeIntegerToUser, APC_LEVEL,
             IN_TRY((VOID)WriteLargeIntegerToUser(&vLargeInteger, vLargeInteger)))
DDI_IRQL_MAX(WriteLargeIntegerToMode, APC_LEVEL,
             IN_TRY((VOID)WriteLargeIntegerToMode(&vLargeInteger, vLargeInteger, KernelMode)))
static ULARGE_INTEGER vULargeInteger;
DDI_IRQL_MAX(ReadULargeIntegerFromUser, APC_LEVEL,
             IN_TRY((VOID)ReadULargeIntegerFromUser(&vULargeInteger)))
DDI_IRQL_MAX(ReadULargeIntegerFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadULargeIntegerFromMode(&vULargeInteger, KernelMode)))
DDI_IRQL_MAX(WriteULargeIntegerToUser, APC_LEVEL,
             IN_TRY((VOID)WriteULargeIntegerToUser(&vULargeInteger, vULargeInteger)))
DDI_IRQL_MAX(WriteULargeIntegerToMode, APC_LEVEL,
             IN_TRY((VOID)WriteULargeIntegerToMode(&vULargeInteger, vULargeInteger, KernelMode)))
static UNICODE_STRING vUnicodeString;
DDI_IRQL_MAX(ReadUnicodeStringFromUser, APC_LEVEL,
             IN_TRY((VOID)ReadUnicodeStringFromUser(&vUnicodeString)))
DDI_IRQL_MAX(ReadUnicodeStringFromMode, APC_LEVEL,
             IN_TRY((VOID)ReadUnicodeStringFromMode(&vUnicodeString, KernelMode)))
DDI_IRQL_MAX(WriteUnicodeStringToUser, APC_LEVEL,
             IN_TRY((VOID)WriteUnicodeStringToUser(&vUnicodeString, vUnicodeString)))
DDI_IRQL_MAX(WriteUnicodeStringToMode, APC_LEVEL,
             IN_TRY((VOID)WriteUnicodeStringToMode(&vUnicodeString, vUnicodeString, KernelMode)))
