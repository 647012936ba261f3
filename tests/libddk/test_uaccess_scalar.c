// SPDX-License-Identifier: MIT
//
// User-mode accessors of scalars: each family of six with a value in the memory that the request
// brought (aligned and not), in memory for reading only, in the driver's own, and at its IRQL
// limit.

#include "uaccess.h"

TEST(scalar_Boolean)
{
    DDI_SHOWS(ReadBooleanFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadBooleanFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteBooleanToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteBooleanToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadBooleanFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteBooleanToUserRelease, RESULTS | ERRORS);
    FAMILY(BOOLEAN, ReadBooleanFromUser, ReadBooleanFromMode, WriteBooleanToUser,
           WriteBooleanToMode, ReadBooleanFromUserAcquire, WriteBooleanToUserRelease);
}

TEST(scalar_Char)
{
    DDI_SHOWS(ReadCharFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadCharFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteCharToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteCharToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadCharFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteCharToUserRelease, RESULTS | ERRORS);
    FAMILY(CHAR, ReadCharFromUser, ReadCharFromMode, WriteCharToUser, WriteCharToMode,
           ReadCharFromUserAcquire, WriteCharToUserRelease);
}

TEST(scalar_UChar)
{
    DDI_SHOWS(ReadUCharFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUCharFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUCharToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUCharToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadUCharFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteUCharToUserRelease, RESULTS | ERRORS);
    FAMILY(UCHAR, ReadUCharFromUser, ReadUCharFromMode, WriteUCharToUser, WriteUCharToMode,
           ReadUCharFromUserAcquire, WriteUCharToUserRelease);
}

TEST(scalar_Short)
{
    DDI_SHOWS(ReadShortFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadShortFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteShortToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteShortToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadShortFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteShortToUserRelease, RESULTS | ERRORS);
    FAMILY(SHORT, ReadShortFromUser, ReadShortFromMode, WriteShortToUser, WriteShortToMode,
           ReadShortFromUserAcquire, WriteShortToUserRelease);
}

TEST(scalar_UShort)
{
    DDI_SHOWS(ReadUShortFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUShortFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUShortToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUShortToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadUShortFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteUShortToUserRelease, RESULTS | ERRORS);
    FAMILY(USHORT, ReadUShortFromUser, ReadUShortFromMode, WriteUShortToUser, WriteUShortToMode,
           ReadUShortFromUserAcquire, WriteUShortToUserRelease);
}

TEST(scalar_Long)
{
    DDI_SHOWS(ReadLongFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadLongFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteLongToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteLongToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadLongFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteLongToUserRelease, RESULTS | ERRORS);
    FAMILY(LONG, ReadLongFromUser, ReadLongFromMode, WriteLongToUser, WriteLongToMode,
           ReadLongFromUserAcquire, WriteLongToUserRelease);
}

TEST(scalar_ULong)
{
    DDI_SHOWS(ReadULongFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadULongFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteULongToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteULongToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadULongFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteULongToUserRelease, RESULTS | ERRORS);
    FAMILY(ULONG, ReadULongFromUser, ReadULongFromMode, WriteULongToUser, WriteULongToMode,
           ReadULongFromUserAcquire, WriteULongToUserRelease);
}

TEST(scalar_Long64)
{
    DDI_SHOWS(ReadLong64FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadLong64FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteLong64ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteLong64ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadLong64FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteLong64ToUserRelease, RESULTS | ERRORS);
    FAMILY(LONG64, ReadLong64FromUser, ReadLong64FromMode, WriteLong64ToUser, WriteLong64ToMode,
           ReadLong64FromUserAcquire, WriteLong64ToUserRelease);
}

TEST(scalar_ULong64)
{
    DDI_SHOWS(ReadULong64FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadULong64FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteULong64ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteULong64ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadULong64FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteULong64ToUserRelease, RESULTS | ERRORS);
    FAMILY(ULONG64, ReadULong64FromUser, ReadULong64FromMode, WriteULong64ToUser,
           WriteULong64ToMode, ReadULong64FromUserAcquire, WriteULong64ToUserRelease);
}

TEST(scalar_Longlong)
{
    DDI_SHOWS(ReadLonglongFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadLonglongFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteLonglongToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteLonglongToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadLonglongFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteLonglongToUserRelease, RESULTS | ERRORS);
    FAMILY(LONGLONG, ReadLonglongFromUser, ReadLonglongFromMode, WriteLonglongToUser,
           WriteLonglongToMode, ReadLonglongFromUserAcquire, WriteLonglongToUserRelease);
}

TEST(scalar_ULonglong)
{
    DDI_SHOWS(ReadULonglongFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadULonglongFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteULonglongToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteULonglongToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadULonglongFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteULonglongToUserRelease, RESULTS | ERRORS);
    FAMILY(ULONGLONG, ReadULonglongFromUser, ReadULonglongFromMode, WriteULonglongToUser,
           WriteULonglongToMode, ReadULonglongFromUserAcquire, WriteULonglongToUserRelease);
}

TEST(scalar_LongPtr)
{
    DDI_SHOWS(ReadLongPtrFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadLongPtrFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteLongPtrToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteLongPtrToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadLongPtrFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteLongPtrToUserRelease, RESULTS | ERRORS);
    FAMILY(LONG_PTR, ReadLongPtrFromUser, ReadLongPtrFromMode, WriteLongPtrToUser,
           WriteLongPtrToMode, ReadLongPtrFromUserAcquire, WriteLongPtrToUserRelease);
}

TEST(scalar_ULongPtr)
{
    DDI_SHOWS(ReadULongPtrFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadULongPtrFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteULongPtrToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteULongPtrToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadULongPtrFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteULongPtrToUserRelease, RESULTS | ERRORS);
    FAMILY(ULONG_PTR, ReadULongPtrFromUser, ReadULongPtrFromMode, WriteULongPtrToUser,
           WriteULongPtrToMode, ReadULongPtrFromUserAcquire, WriteULongPtrToUserRelease);
}

TEST(scalar_Int8)
{
    DDI_SHOWS(ReadInt8FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt8FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt8ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt8ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt8FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt8ToUserRelease, RESULTS | ERRORS);
    FAMILY(INT8, ReadInt8FromUser, ReadInt8FromMode, WriteInt8ToUser, WriteInt8ToMode,
           ReadInt8FromUserAcquire, WriteInt8ToUserRelease);
}

TEST(scalar_Int16)
{
    DDI_SHOWS(ReadInt16FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt16FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt16ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt16ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt16FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt16ToUserRelease, RESULTS | ERRORS);
    FAMILY(INT16, ReadInt16FromUser, ReadInt16FromMode, WriteInt16ToUser, WriteInt16ToMode,
           ReadInt16FromUserAcquire, WriteInt16ToUserRelease);
}

TEST(scalar_Int32)
{
    DDI_SHOWS(ReadInt32FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt32FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt32ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt32ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt32FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt32ToUserRelease, RESULTS | ERRORS);
    FAMILY(INT32, ReadInt32FromUser, ReadInt32FromMode, WriteInt32ToUser, WriteInt32ToMode,
           ReadInt32FromUserAcquire, WriteInt32ToUserRelease);
}

TEST(scalar_Int64)
{
    DDI_SHOWS(ReadInt64FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt64FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt64ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt64ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadInt64FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteInt64ToUserRelease, RESULTS | ERRORS);
    FAMILY(INT64, ReadInt64FromUser, ReadInt64FromMode, WriteInt64ToUser, WriteInt64ToMode,
           ReadInt64FromUserAcquire, WriteInt64ToUserRelease);
}

TEST(scalar_UInt8)
{
    DDI_SHOWS(ReadUInt8FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt8FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt8ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt8ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt8FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt8ToUserRelease, RESULTS | ERRORS);
    FAMILY(UINT8, ReadUInt8FromUser, ReadUInt8FromMode, WriteUInt8ToUser, WriteUInt8ToMode,
           ReadUInt8FromUserAcquire, WriteUInt8ToUserRelease);
}

TEST(scalar_UInt16)
{
    DDI_SHOWS(ReadUInt16FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt16FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt16ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt16ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt16FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt16ToUserRelease, RESULTS | ERRORS);
    FAMILY(UINT16, ReadUInt16FromUser, ReadUInt16FromMode, WriteUInt16ToUser, WriteUInt16ToMode,
           ReadUInt16FromUserAcquire, WriteUInt16ToUserRelease);
}

TEST(scalar_UInt32)
{
    DDI_SHOWS(ReadUInt32FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt32FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt32ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt32ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt32FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt32ToUserRelease, RESULTS | ERRORS);
    FAMILY(UINT32, ReadUInt32FromUser, ReadUInt32FromMode, WriteUInt32ToUser, WriteUInt32ToMode,
           ReadUInt32FromUserAcquire, WriteUInt32ToUserRelease);
}

TEST(scalar_UInt64)
{
    DDI_SHOWS(ReadUInt64FromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt64FromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt64ToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt64ToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadUInt64FromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteUInt64ToUserRelease, RESULTS | ERRORS);
    FAMILY(UINT64, ReadUInt64FromUser, ReadUInt64FromMode, WriteUInt64ToUser, WriteUInt64ToMode,
           ReadUInt64FromUserAcquire, WriteUInt64ToUserRelease);
}

TEST(scalar_IntPtr)
{
    DDI_SHOWS(ReadIntPtrFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadIntPtrFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteIntPtrToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteIntPtrToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadIntPtrFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteIntPtrToUserRelease, RESULTS | ERRORS);
    FAMILY(INT_PTR, ReadIntPtrFromUser, ReadIntPtrFromMode, WriteIntPtrToUser, WriteIntPtrToMode,
           ReadIntPtrFromUserAcquire, WriteIntPtrToUserRelease);
}

TEST(scalar_UIntPtr)
{
    DDI_SHOWS(ReadUIntPtrFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUIntPtrFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUIntPtrToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUIntPtrToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadUIntPtrFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteUIntPtrToUserRelease, RESULTS | ERRORS);
    FAMILY(UINT_PTR, ReadUIntPtrFromUser, ReadUIntPtrFromMode, WriteUIntPtrToUser,
           WriteUIntPtrToMode, ReadUIntPtrFromUserAcquire, WriteUIntPtrToUserRelease);
}

TEST(scalar_SizeT)
{
    DDI_SHOWS(ReadSizeTFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadSizeTFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteSizeTToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteSizeTToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadSizeTFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteSizeTToUserRelease, RESULTS | ERRORS);
    FAMILY(SIZE_T, ReadSizeTFromUser, ReadSizeTFromMode, WriteSizeTToUser, WriteSizeTToMode,
           ReadSizeTFromUserAcquire, WriteSizeTToUserRelease);
}

TEST(scalar_SSizeT)
{
    DDI_SHOWS(ReadSSizeTFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadSSizeTFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteSSizeTToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteSSizeTToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadSSizeTFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteSSizeTToUserRelease, RESULTS | ERRORS);
    FAMILY(SSIZE_T, ReadSSizeTFromUser, ReadSSizeTFromMode, WriteSSizeTToUser, WriteSSizeTToMode,
           ReadSSizeTFromUserAcquire, WriteSSizeTToUserRelease);
}

TEST(scalar_Handle)
{
    DDI_SHOWS(ReadHandleFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadHandleFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteHandleToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteHandleToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadHandleFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteHandleToUserRelease, RESULTS | ERRORS);
    FAMILY(HANDLE, ReadHandleFromUser, ReadHandleFromMode, WriteHandleToUser, WriteHandleToMode,
           ReadHandleFromUserAcquire, WriteHandleToUserRelease);
}

TEST(scalar_NtStatus)
{
    DDI_SHOWS(ReadNtStatusFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadNtStatusFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteNtStatusToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteNtStatusToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadNtStatusFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteNtStatusToUserRelease, RESULTS | ERRORS);
    FAMILY(NTSTATUS, ReadNtStatusFromUser, ReadNtStatusFromMode, WriteNtStatusToUser,
           WriteNtStatusToMode, ReadNtStatusFromUserAcquire, WriteNtStatusToUserRelease);
}

TEST(scalar_Pointer)
{
    DDI_SHOWS(ReadPointerFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadPointerFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WritePointerToUser, RESULTS | ERRORS);
    DDI_SHOWS(WritePointerToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadPointerFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WritePointerToUserRelease, RESULTS | ERRORS);
    FAMILY(PVOID, ReadPointerFromUser, ReadPointerFromMode, WritePointerToUser, WritePointerToMode,
           ReadPointerFromUserAcquire, WritePointerToUserRelease);
}

TEST(scalar_WChar)
{
    DDI_SHOWS(ReadWCharFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadWCharFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteWCharToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteWCharToMode, RESULTS | ERRORS);
    DDI_SHOWS(ReadWCharFromUserAcquire, RESULTS | ERRORS);
    DDI_SHOWS(WriteWCharToUserRelease, RESULTS | ERRORS);
    FAMILY(WCHAR, ReadWCharFromUser, ReadWCharFromMode, WriteWCharToUser, WriteWCharToMode,
           ReadWCharFromUserAcquire, WriteWCharToUserRelease);
}

TEST(scalar_LargeInteger)
{
    DDI_SHOWS(ReadLargeIntegerFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadLargeIntegerFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteLargeIntegerToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteLargeIntegerToMode, RESULTS | ERRORS);
    PLAIN_FAMILY(LARGE_INTEGER, ReadLargeIntegerFromUser, ReadLargeIntegerFromMode,
                 WriteLargeIntegerToUser, WriteLargeIntegerToMode);
}

TEST(scalar_ULargeInteger)
{
    DDI_SHOWS(ReadULargeIntegerFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadULargeIntegerFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteULargeIntegerToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteULargeIntegerToMode, RESULTS | ERRORS);
    PLAIN_FAMILY(ULARGE_INTEGER, ReadULargeIntegerFromUser, ReadULargeIntegerFromMode,
                 WriteULargeIntegerToUser, WriteULargeIntegerToMode);
}

TEST(scalar_UnicodeString)
{
    DDI_SHOWS(ReadUnicodeStringFromUser, RESULTS | ERRORS);
    DDI_SHOWS(ReadUnicodeStringFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WriteUnicodeStringToUser, RESULTS | ERRORS);
    DDI_SHOWS(WriteUnicodeStringToMode, RESULTS | ERRORS);
    // bytes between the members travel with it
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
    PLAIN_FAMILY(UNICODE_STRING, ReadUnicodeStringFromUser, ReadUnicodeStringFromMode,
                 WriteUnicodeStringToUser, WriteUnicodeStringToMode);
}
