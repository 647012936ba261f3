// SPDX-License-Identifier: MIT
//
// Safe arithmetic: pairs of operands at the borders of the type, against 128-bit arithmetic.

#include "safe_integers.h"

TEST(DWordPtr)
{
    DDI_SHOWS(RtlDWordPtrAdd, RESULTS | ERRORS);
    COMPUTES(RtlDWordPtrAdd, DWORD_PTR, add);
    DDI_SHOWS(RtlDWordPtrSub, RESULTS | ERRORS);
    COMPUTES(RtlDWordPtrSub, DWORD_PTR, sub);
    DDI_SHOWS(RtlDWordPtrMult, RESULTS | ERRORS);
    COMPUTES(RtlDWordPtrMult, DWORD_PTR, mul);
}

TEST(Int8)
{
    DDI_SHOWS(RtlInt8Add, RESULTS | ERRORS);
    COMPUTES(RtlInt8Add, INT8, add);
    DDI_SHOWS(RtlInt8Sub, RESULTS | ERRORS);
    COMPUTES(RtlInt8Sub, INT8, sub);
    DDI_SHOWS(RtlInt8Mult, RESULTS | ERRORS);
    COMPUTES(RtlInt8Mult, INT8, mul);
}

TEST(Int)
{
    DDI_SHOWS(RtlIntAdd, RESULTS | ERRORS);
    COMPUTES(RtlIntAdd, INT, add);
    DDI_SHOWS(RtlIntSub, RESULTS | ERRORS);
    COMPUTES(RtlIntSub, INT, sub);
    DDI_SHOWS(RtlIntMult, RESULTS | ERRORS);
    COMPUTES(RtlIntMult, INT, mul);
}

TEST(IntPtr)
{
    DDI_SHOWS(RtlIntPtrAdd, RESULTS | ERRORS);
    COMPUTES(RtlIntPtrAdd, INT_PTR, add);
    DDI_SHOWS(RtlIntPtrSub, RESULTS | ERRORS);
    COMPUTES(RtlIntPtrSub, INT_PTR, sub);
    DDI_SHOWS(RtlIntPtrMult, RESULTS | ERRORS);
    COMPUTES(RtlIntPtrMult, INT_PTR, mul);
}

TEST(Long)
{
    DDI_SHOWS(RtlLongAdd, RESULTS | ERRORS);
    COMPUTES(RtlLongAdd, LONG, add);
    DDI_SHOWS(RtlLongSub, RESULTS | ERRORS);
    COMPUTES(RtlLongSub, LONG, sub);
    DDI_SHOWS(RtlLongMult, RESULTS | ERRORS);
    COMPUTES(RtlLongMult, LONG, mul);
}

TEST(LongLong)
{
    DDI_SHOWS(RtlLongLongAdd, RESULTS | ERRORS);
    COMPUTES(RtlLongLongAdd, LONGLONG, add);
    DDI_SHOWS(RtlLongLongSub, RESULTS | ERRORS);
    COMPUTES(RtlLongLongSub, LONGLONG, sub);
    DDI_SHOWS(RtlLongLongMult, RESULTS | ERRORS);
    COMPUTES(RtlLongLongMult, LONGLONG, mul);
}

TEST(LongPtr)
{
    DDI_SHOWS(RtlLongPtrAdd, RESULTS | ERRORS);
    COMPUTES(RtlLongPtrAdd, LONG_PTR, add);
    DDI_SHOWS(RtlLongPtrSub, RESULTS | ERRORS);
    COMPUTES(RtlLongPtrSub, LONG_PTR, sub);
    DDI_SHOWS(RtlLongPtrMult, RESULTS | ERRORS);
    COMPUTES(RtlLongPtrMult, LONG_PTR, mul);
}

TEST(PtrdiffT)
{
    DDI_SHOWS(RtlPtrdiffTAdd, RESULTS | ERRORS);
    COMPUTES(RtlPtrdiffTAdd, PTRDIFF_T, add);
    DDI_SHOWS(RtlPtrdiffTSub, RESULTS | ERRORS);
    COMPUTES(RtlPtrdiffTSub, PTRDIFF_T, sub);
    DDI_SHOWS(RtlPtrdiffTMult, RESULTS | ERRORS);
    COMPUTES(RtlPtrdiffTMult, PTRDIFF_T, mul);
}

TEST(Short)
{
    DDI_SHOWS(RtlShortAdd, RESULTS | ERRORS);
    COMPUTES(RtlShortAdd, SHORT, add);
    DDI_SHOWS(RtlShortSub, RESULTS | ERRORS);
    COMPUTES(RtlShortSub, SHORT, sub);
    DDI_SHOWS(RtlShortMult, RESULTS | ERRORS);
    COMPUTES(RtlShortMult, SHORT, mul);
}

TEST(SizeT)
{
    DDI_SHOWS(RtlSizeTAdd, RESULTS | ERRORS);
    COMPUTES(RtlSizeTAdd, SIZE_T, add);
    DDI_SHOWS(RtlSizeTSub, RESULTS | ERRORS);
    COMPUTES(RtlSizeTSub, SIZE_T, sub);
    DDI_SHOWS(RtlSizeTMult, RESULTS | ERRORS);
    COMPUTES(RtlSizeTMult, SIZE_T, mul);
}

TEST(SSIZET)
{
    DDI_SHOWS(RtlSSIZETAdd, RESULTS | ERRORS);
    COMPUTES(RtlSSIZETAdd, SSIZE_T, add);
    DDI_SHOWS(RtlSSIZETSub, RESULTS | ERRORS);
    COMPUTES(RtlSSIZETSub, SSIZE_T, sub);
    DDI_SHOWS(RtlSSIZETMult, RESULTS | ERRORS);
    COMPUTES(RtlSSIZETMult, SSIZE_T, mul);
}

TEST(UInt8)
{
    DDI_SHOWS(RtlUInt8Add, RESULTS | ERRORS);
    COMPUTES(RtlUInt8Add, UINT8, add);
    DDI_SHOWS(RtlUInt8Sub, RESULTS | ERRORS);
    COMPUTES(RtlUInt8Sub, UINT8, sub);
    DDI_SHOWS(RtlUInt8Mult, RESULTS | ERRORS);
    COMPUTES(RtlUInt8Mult, UINT8, mul);
}

TEST(UInt)
{
    DDI_SHOWS(RtlUIntAdd, RESULTS | ERRORS);
    COMPUTES(RtlUIntAdd, UINT, add);
    DDI_SHOWS(RtlUIntSub, RESULTS | ERRORS);
    COMPUTES(RtlUIntSub, UINT, sub);
    DDI_SHOWS(RtlUIntMult, RESULTS | ERRORS);
    COMPUTES(RtlUIntMult, UINT, mul);
}

TEST(UIntPtr)
{
    DDI_SHOWS(RtlUIntPtrAdd, RESULTS | ERRORS);
    COMPUTES(RtlUIntPtrAdd, UINT_PTR, add);
    DDI_SHOWS(RtlUIntPtrSub, RESULTS | ERRORS);
    COMPUTES(RtlUIntPtrSub, UINT_PTR, sub);
    DDI_SHOWS(RtlUIntPtrMult, RESULTS | ERRORS);
    COMPUTES(RtlUIntPtrMult, UINT_PTR, mul);
}

TEST(ULong)
{
    DDI_SHOWS(RtlULongAdd, RESULTS | ERRORS);
    COMPUTES(RtlULongAdd, ULONG, add);
    DDI_SHOWS(RtlULongSub, RESULTS | ERRORS);
    COMPUTES(RtlULongSub, ULONG, sub);
    DDI_SHOWS(RtlULongMult, RESULTS | ERRORS);
    COMPUTES(RtlULongMult, ULONG, mul);
}

TEST(ULongLong)
{
    DDI_SHOWS(RtlULongLongAdd, RESULTS | ERRORS);
    COMPUTES(RtlULongLongAdd, ULONGLONG, add);
    DDI_SHOWS(RtlULongLongSub, RESULTS | ERRORS);
    COMPUTES(RtlULongLongSub, ULONGLONG, sub);
    DDI_SHOWS(RtlULongLongMult, RESULTS | ERRORS);
    COMPUTES(RtlULongLongMult, ULONGLONG, mul);
}

TEST(ULongPtr)
{
    DDI_SHOWS(RtlULongPtrAdd, RESULTS | ERRORS);
    COMPUTES(RtlULongPtrAdd, ULONG_PTR, add);
    DDI_SHOWS(RtlULongPtrSub, RESULTS | ERRORS);
    COMPUTES(RtlULongPtrSub, ULONG_PTR, sub);
    DDI_SHOWS(RtlULongPtrMult, RESULTS | ERRORS);
    COMPUTES(RtlULongPtrMult, ULONG_PTR, mul);
}

TEST(UShort)
{
    DDI_SHOWS(RtlUShortAdd, RESULTS | ERRORS);
    COMPUTES(RtlUShortAdd, USHORT, add);
    DDI_SHOWS(RtlUShortSub, RESULTS | ERRORS);
    COMPUTES(RtlUShortSub, USHORT, sub);
    DDI_SHOWS(RtlUShortMult, RESULTS | ERRORS);
    COMPUTES(RtlUShortMult, USHORT, mul);
}

TEST(alternate_DWord)
{
    COMPUTES(RtlDWordAdd, DWORD, add);
}

TEST(alternate_DWord64)
{
    COMPUTES(RtlDWord64Add, DWORD64, add);
    COMPUTES(RtlDWord64Sub, DWORD64, sub);
    COMPUTES(RtlDWord64Mult, DWORD64, mul);
}

TEST(alternate_DWordLong)
{
    COMPUTES(RtlDWordLongAdd, DWORDLONG, add);
    COMPUTES(RtlDWordLongSub, DWORDLONG, sub);
    COMPUTES(RtlDWordLongMult, DWORDLONG, mul);
}

TEST(alternate_Int16)
{
    COMPUTES(RtlInt16Add, INT16, add);
    COMPUTES(RtlInt16Sub, INT16, sub);
    COMPUTES(RtlInt16Mult, INT16, mul);
}

TEST(alternate_Int32)
{
    COMPUTES(RtlInt32Add, INT32, add);
    COMPUTES(RtlInt32Sub, INT32, sub);
    COMPUTES(RtlInt32Mult, INT32, mul);
}

TEST(alternate_Int64)
{
    COMPUTES(RtlInt64Add, INT64, add);
    COMPUTES(RtlInt64Sub, INT64, sub);
    COMPUTES(RtlInt64Mult, INT64, mul);
}

TEST(alternate_Long32)
{
    COMPUTES(RtlLong32Add, LONG32, add);
    COMPUTES(RtlLong32Sub, LONG32, sub);
    COMPUTES(RtlLong32Mult, LONG32, mul);
}

TEST(alternate_Long64)
{
    COMPUTES(RtlLong64Add, LONG64, add);
    COMPUTES(RtlLong64Sub, LONG64, sub);
    COMPUTES(RtlLong64Mult, LONG64, mul);
}

TEST(alternate_SIZET)
{
    DDI_SHOWS(RtlSIZETMult, RESULTS | ERRORS);
    COMPUTES(RtlSIZETAdd, SIZE_T, add);
    COMPUTES(RtlSIZETSub, SIZE_T, sub);
    COMPUTES(RtlSIZETMult, SIZE_T, mul);
}

TEST(alternate_UInt32)
{
    COMPUTES(RtlUInt32Add, UINT32, add);
    COMPUTES(RtlUInt32Sub, UINT32, sub);
    COMPUTES(RtlUInt32Mult, UINT32, mul);
}

TEST(alternate_UInt64)
{
    COMPUTES(RtlUInt64Add, UINT64, add);
    COMPUTES(RtlUInt64Sub, UINT64, sub);
    COMPUTES(RtlUInt64Mult, UINT64, mul);
}

TEST(alternate_ULong64)
{
    COMPUTES(RtlULong64Add, ULONG64, add);
    COMPUTES(RtlULong64Sub, ULONG64, sub);
    COMPUTES(RtlULong64Mult, ULONG64, mul);
}
