// SPDX-License-Identifier: MIT
//
// User-mode accessors of bytes, structures and strings, and the interlocked ones.

#include "uaccess.h"

struct shape {
    ULONG Width, Height;
    ULONG64 Area;
};

static void begin(void)
{
    begin_request();
    fill_pattern(input, ROOM, 1);
    memset(output, 0, ROOM);
    memset(own, 0, ROOM);
}

DDI_TEST(CopyFromUser, RESULTS | ERRORS, bytes_come_from_the_request)
{
    DDI_SHOWS(CopyFromUserNonTemporal, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(CopyFromUserAligned, RESULTS | ERRORS);
    begin();
    CopyFromUser(own, input, ROOM);
    CHECK_MEM(own, input, ROOM);
    CopyFromUserNonTemporal(own + 1, input + 2, 10);
    CHECK_MEM(own + 1, input + 2, 10);
    CopyFromUserAligned(own, input + 8, 16, 8);
    CHECK_MEM(own, input + 8, 16);
    REFUSES(CopyFromUser(own, input + 1, ROOM));
    REFUSES(CopyFromUser(output, own, 1));
    REFUSES(CopyFromUserNonTemporal(own, own, 1));
    REFUSES(CopyFromUserAligned(own, own, 1, 1));
    CHECK_EQ(RAISED(CopyFromUserAligned(own, input + 4, 8, 8)), STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(RAISED(CopyFromUser(own, own, 0)), STATUS_SUCCESS); // nothing is looked at
    end_request();
}

DDI_TEST(CopyToUser, RESULTS | ERRORS, bytes_go_to_the_request)
{
    DDI_SHOWS(CopyToUserNonTemporal, RESULTS | ERRORS);
    begin();
    memcpy(own, input, ROOM);
    CopyToUser(output, own, ROOM);
    CHECK_MEM(output, own, ROOM);
    CopyToUserNonTemporal(output + 3, own, 9);
    CHECK_MEM(output + 3, own, 9);
    REFUSES(CopyToUser(input, own, 1)); // for reading only
    REFUSES(CopyToUser(output + 1, own, ROOM));
    REFUSES(CopyToUserNonTemporal(own, own, 1));
    end_request();
}

DDI_TEST(CopyFromMode, RESULTS | ERRORS, the_mode_says_whose_memory_it_is)
{
    DDI_SHOWS(CopyToMode, RESULTS | ERRORS);
    DDI_SHOWS(CopyFromModeNonTemporal, RESULTS | ERRORS);
    DDI_SHOWS(CopyToModeNonTemporal, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(CopyFromModeAligned, RESULTS | ERRORS);
    UCHAR local[8] = {0};
    begin();
    CopyFromMode(local, input, 8, UserMode);
    CHECK_MEM(local, input, 8);
    CopyToMode(own, local, 8, KernelMode);
    CHECK_MEM(own, input, 8);
    CopyFromModeNonTemporal(local, own + 1, 7, KernelMode);
    CHECK_MEM(local, input + 1, 7);
    CopyToModeNonTemporal(output, local, 7, UserMode);
    CHECK_MEM(output, input + 1, 7);
    CopyFromModeAligned(local, own + 1, 4, KernelMode, 4); // not looked at in kernel mode
    CHECK_MEM(local, input + 1, 4);
    CHECK_EQ(RAISED(CopyFromModeAligned(local, input + 1, 4, UserMode, 4)),
             STATUS_DATATYPE_MISALIGNMENT);
    REFUSES(CopyFromMode(local, own, 8, UserMode));
    REFUSES(CopyToMode(input, local, 8, UserMode));
    REFUSES(CopyFromModeNonTemporal(local, own, 8, UserMode));
    REFUSES(CopyToModeNonTemporal(own, local, 8, UserMode));
    end_request();
}

DDI_TEST(CopyToUserFromUser, RESULTS | ERRORS, both_sides_can_be_the_request)
{
    DDI_SHOWS(CopyFromUserToMode, RESULTS | ERRORS);
    DDI_SHOWS(MoveToUserFromUser, RESULTS | ERRORS);
    begin();
    CopyToUserFromUser(output, input, 20);
    CHECK_MEM(output, input, 20);
    MoveToUserFromUser(output + 4, output, 16); // they overlap
    CHECK_MEM(output + 4, input, 16);
    CopyFromUserToMode(output, input + 8, 8, UserMode);
    CHECK_MEM(output, input + 8, 8);
    CopyFromUserToMode(own, input, 8, KernelMode);
    CHECK_MEM(own, input, 8);
    REFUSES(CopyToUserFromUser(input, output, 1));
    REFUSES(CopyToUserFromUser(output, own, 1));
    REFUSES(MoveToUserFromUser(own, output, 1));
    REFUSES(MoveToUserFromUser(output, own, 1));
    REFUSES(CopyFromUserToMode(own, own, 1, KernelMode));
    REFUSES(CopyFromUserToMode(own, input, 1, UserMode));
    end_request();
}

static bool all(const UCHAR *at, SIZE_T length, UCHAR value)
{
    for (SIZE_T i = 0; i < length; i++)
        if (at[i] != value)
            return false;
    return true;
}

DDI_TEST(FillUserMemory, RESULTS | ERRORS, memory_is_filled)
{
    DDI_SHOWS(FillModeMemory, RESULTS | ERRORS);
    DDI_SHOWS(ZeroUserMemory, RESULTS | ERRORS);
    DDI_SHOWS(ZeroModeMemory, RESULTS | ERRORS);
    begin();
    FillUserMemory(output, 30, 0xee);
    CHECK(all(output, 30, 0xee) && output[30] == 0);
    FillModeMemory(output + 1, 3, 0x11, UserMode);
    CHECK(all(output + 1, 3, 0x11) && output[4] == 0xee);
    FillModeMemory(own, 9, 7, KernelMode);
    CHECK(all(own, 9, 7));
    ZeroUserMemory(output, 30);
    CHECK(all(output, ROOM, 0));
    ZeroModeMemory(own, 9, KernelMode);
    CHECK(all(own, ROOM, 0));
    REFUSES(FillUserMemory(input, 1, 0));
    REFUSES(FillModeMemory(own, 1, 0, UserMode));
    REFUSES(ZeroUserMemory(own, 1));
    REFUSES(ZeroModeMemory(input, 1, UserMode));
    end_request();
}

DDI_TEST_MACRO(ReadStructFromUser, RESULTS | ERRORS, structures_are_as_long_as_they_are)
{
    DDI_SHOWS_MACRO(ReadStructFromMode, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(ReadStructFromUserAligned, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(ReadStructFromModeAligned, RESULTS | ERRORS);
    struct shape shape = {0};
    struct shape *at = (struct shape *)(PVOID)input, *end = (struct shape *)(PVOID)(input + 56),
                 *odd = (struct shape *)(PVOID)(input + 4), *mine = (struct shape *)(PVOID)own;
    begin();
    ReadStructFromUser(&shape, at);
    CHECK_MEM(&shape, input, sizeof(shape));
    ReadStructFromMode(&shape, at + 1, UserMode);
    CHECK_MEM(&shape, input + 16, sizeof(shape));
    ReadStructFromMode(&shape, mine, KernelMode);
    CHECK_EQ(shape.Area, 0);
    ReadStructFromUserAligned(&shape, at, 8);
    ReadStructFromModeAligned(&shape, at, UserMode, 8);
    CHECK_MEM(&shape, input, sizeof(shape));
    REFUSES(ReadStructFromUser(&shape, end)); // its second half is outside
    REFUSES(ReadStructFromMode(&shape, mine, UserMode));
    REFUSES(ReadStructFromUserAligned(&shape, mine, 8));
    CHECK_EQ(RAISED(ReadStructFromUserAligned(&shape, odd, 8)), STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(RAISED(ReadStructFromModeAligned(&shape, odd, UserMode, 8)),
             STATUS_DATATYPE_MISALIGNMENT);
    end_request();
}

DDI_TEST_MACRO(WriteStructToUser, RESULTS | ERRORS, structures_are_written_whole)
{
    DDI_SHOWS_MACRO(WriteStructToMode, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(WriteStructToUserAligned, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(WriteStructToModeAligned, RESULTS | ERRORS);
    struct shape shape = {3, 4, 12};
    struct shape *at = (struct shape *)(PVOID)output, *read_only = (struct shape *)(PVOID)input,
                 *odd = (struct shape *)(PVOID)(output + 4), *mine = (struct shape *)(PVOID)own;
    begin();
    WriteStructToUser(at, &shape);
    CHECK_MEM(output, &shape, sizeof(shape));
    WriteStructToMode(at + 1, &shape, UserMode);
    CHECK_MEM(output + 16, &shape, sizeof(shape));
    WriteStructToMode(mine, &shape, KernelMode);
    CHECK_MEM(own, &shape, sizeof(shape));
    WriteStructToUserAligned(at + 2, &shape, 8);
    WriteStructToModeAligned(at + 3, &shape, UserMode, 8);
    CHECK_MEM(output + 32, &shape, sizeof(shape));
    CHECK_MEM(output + 48, &shape, sizeof(shape));
    REFUSES(WriteStructToUser(read_only, &shape));
    REFUSES(WriteStructToMode(mine, &shape, UserMode));
    CHECK_EQ(RAISED(WriteStructToUserAligned(odd, &shape, 8)), STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(RAISED(WriteStructToModeAligned(odd, &shape, UserMode, 8)),
             STATUS_DATATYPE_MISALIGNMENT);
    end_request();
}

DDI_TEST(StringLengthFromUser, RESULTS | ERRORS, strings_end_inside_of_what_was_brought)
{
    DDI_SHOWS(StringLengthFromMode, RESULTS | ERRORS);
    DDI_SHOWS(WideStringLengthFromUser, RESULTS | ERRORS);
    DDI_SHOWS(WideStringLengthFromMode, RESULTS | ERRORS);
    PCHAR narrow = (PCHAR)input, mine = (PCHAR)own;
    PWCHAR wide = (PWCHAR)(PVOID)input;
    begin();
    memset(input, 0x61, ROOM);
    REFUSES(StringLengthFromUser(narrow)); // no end
    REFUSES(WideStringLengthFromUser(wide));
    input[10] = 0;
    CHECK_EQ(StringLengthFromUser(narrow), 10);
    CHECK_EQ(StringLengthFromMode(narrow + 3, UserMode), 7);
    REFUSES(WideStringLengthFromMode(wide, UserMode)); // half a zero is none
    input[11] = 0;
    CHECK_EQ(WideStringLengthFromUser(wide), 5);
    CHECK_EQ(WideStringLengthFromMode(wide + 1, UserMode), 4);
    CHECK_EQ(StringLengthFromMode("own", KernelMode), 3);
    CHECK_EQ(WideStringLengthFromMode(L"mine", KernelMode), 4);
    REFUSES(StringLengthFromUser(mine));
    REFUSES(StringLengthFromMode(mine, UserMode));
    end_request();
}

#define INTERLOCKED_TEST(and_user, and_mode, or_user, or_mode, ce_user, ce_mode, type)             \
    type volatile *at = (type volatile *)(PVOID)output,                                            \
                  *odd = (type volatile *)(PVOID)(output + 1),                                     \
                  *read_only = (type volatile *)(PVOID)input;                                      \
    type mine = 12;                                                                                \
    begin();                                                                                       \
    *at = 0xff;                                                                                    \
    CHECK_EQ(and_user(at, 0x0f), 0xff);                                                            \
    CHECK_EQ(and_mode(at, 0x3, UserMode), 0x0f);                                                   \
    CHECK_EQ(or_user(at, 0x10), 0x3);                                                              \
    CHECK_EQ(or_mode(at, 0x20, UserMode), 0x13);                                                   \
    CHECK_EQ(ce_user(at, 7, 1), 0x33);                                                             \
    CHECK_EQ(*at, 0x33);                                                                           \
    CHECK_EQ(ce_user(at, 7, 0x33), 0x33);                                                          \
    CHECK_EQ(*at, 7);                                                                              \
    CHECK_EQ(ce_mode(at, 8, 7, UserMode), 7);                                                      \
    CHECK_EQ(*at, 8);                                                                              \
    CHECK_EQ(and_mode(&mine, 4, KernelMode), 12);                                                  \
    CHECK_EQ(or_mode(&mine, 1, KernelMode), 4);                                                    \
    CHECK_EQ(ce_mode(&mine, 9, 5, KernelMode), 5);                                                 \
    CHECK_EQ(mine, 9);                                                                             \
    REFUSES(and_user(read_only, 1));                                                               \
    REFUSES(and_mode(&mine, 1, UserMode));                                                         \
    REFUSES(or_user(&mine, 1));                                                                    \
    REFUSES(or_mode(read_only, 1, UserMode));                                                      \
    REFUSES(ce_user(&mine, 1, 2));                                                                 \
    REFUSES(ce_mode(read_only, 1, 2, UserMode));                                                   \
    CHECK_EQ(RAISED(and_user(odd, 1)), STATUS_DATATYPE_MISALIGNMENT);                              \
    CHECK_EQ(RAISED(ce_user(odd, 1, 2)), STATUS_DATATYPE_MISALIGNMENT);                            \
    end_request()

TEST(interlocked_operations_of_32_bits)
{
    DDI_SHOWS(InterlockedAndToUser, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedAndToMode, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedOrToUser, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedOrToMode, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedCompareExchangeToUser, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedCompareExchangeToMode, RESULTS | ERRORS);
    INTERLOCKED_TEST(InterlockedAndToUser, InterlockedAndToMode, InterlockedOrToUser,
                     InterlockedOrToMode, InterlockedCompareExchangeToUser,
                     InterlockedCompareExchangeToMode, LONG);
}

TEST(interlocked_operations_of_64_bits)
{
    DDI_SHOWS(InterlockedAnd64ToUser, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedAnd64ToMode, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedOr64ToUser, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedOr64ToMode, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedCompareExchange64ToUser, RESULTS | ERRORS);
    DDI_SHOWS(InterlockedCompareExchange64ToMode, RESULTS | ERRORS);
    INTERLOCKED_TEST(InterlockedAnd64ToUser, InterlockedAnd64ToMode, InterlockedOr64ToUser,
                     InterlockedOr64ToMode, InterlockedCompareExchange64ToUser,
                     InterlockedCompareExchange64ToMode, LONG64);
}

static void kernel_mode_and_user_memory(void *unused)
{
    (void)unused;
    (void)ReadULongFromMode((const volatile ULONG *)(PVOID)input, KernelMode);
}

static void outside_of_a_try(void *unused)
{
    (void)unused;
    (void)ReadULongFromUser((const volatile ULONG *)(PVOID)own);
}

TEST(a_broken_rule_names_itself)
{
    DDI_SHOWS(ReadULongFromMode, ERRORS);
    DDI_SHOWS(ReadULongFromUser, ERRORS);
    begin();
    CHECK(dies(kernel_mode_and_user_memory, NULL, "FAST_FAIL_KERNEL_POINTER_EXPECTED"));
    begin();
    CHECK(dies(outside_of_a_try, NULL, "outside of a __try"));
    end_request();
}

static struct shape shapes[2];
static LONG long_value;
static LONG64 long64_value;
DDI_IRQL_MAX(CopyFromUser, APC_LEVEL, IN_TRY((VOID)CopyFromUser(own, input, 0)))
DDI_IRQL_MAX(CopyToUser, APC_LEVEL, IN_TRY((VOID)CopyToUser(output, own, 0)))
DDI_IRQL_MAX(CopyFromMode, APC_LEVEL, IN_TRY((VOID)CopyFromMode(own, own, 0, KernelMode)))
DDI_IRQL_MAX(CopyToMode, APC_LEVEL, IN_TRY((VOID)CopyToMode(own, own, 0, KernelMode)))
DDI_IRQL_MAX(CopyFromUserToMode, APC_LEVEL,
             IN_TRY((VOID)CopyFromUserToMode(own, own, 0, KernelMode)))
DDI_IRQL_MAX(CopyToUserFromUser, APC_LEVEL, IN_TRY((VOID)CopyToUserFromUser(own, own, 0)))
DDI_IRQL_MAX(MoveToUserFromUser, APC_LEVEL, IN_TRY((VOID)MoveToUserFromUser(own, own, 0)))
DDI_IRQL_MAX(CopyFromUserNonTemporal, APC_LEVEL, IN_TRY((VOID)CopyFromUserNonTemporal(own, own, 0)))
DDI_IRQL_MAX(CopyToUserNonTemporal, APC_LEVEL, IN_TRY((VOID)CopyToUserNonTemporal(own, own, 0)))
DDI_IRQL_MAX(CopyFromModeNonTemporal, APC_LEVEL,
             IN_TRY((VOID)CopyFromModeNonTemporal(own, own, 0, KernelMode)))
DDI_IRQL_MAX(CopyToModeNonTemporal, APC_LEVEL,
             IN_TRY((VOID)CopyToModeNonTemporal(own, own, 0, KernelMode)))
DDI_IRQL_MAX(FillUserMemory, APC_LEVEL, IN_TRY((VOID)FillUserMemory(own, 0, 0)))
DDI_IRQL_MAX(FillModeMemory, APC_LEVEL, IN_TRY((VOID)FillModeMemory(own, 0, 0, KernelMode)))
DDI_IRQL_MAX(ZeroUserMemory, APC_LEVEL, IN_TRY((VOID)ZeroUserMemory(own, 0)))
DDI_IRQL_MAX(ZeroModeMemory, APC_LEVEL, IN_TRY((VOID)ZeroModeMemory(own, 0, KernelMode)))
DDI_IRQL_MAX(StringLengthFromUser, APC_LEVEL, IN_TRY((VOID)StringLengthFromUser((PCHAR)own)))
DDI_IRQL_MAX(StringLengthFromMode, APC_LEVEL,
             IN_TRY((VOID)StringLengthFromMode((PCHAR)own, KernelMode)))
DDI_IRQL_MAX(WideStringLengthFromUser, APC_LEVEL,
             IN_TRY((VOID)WideStringLengthFromUser((PWCHAR)(PVOID)own)))
DDI_IRQL_MAX(WideStringLengthFromMode, APC_LEVEL,
             IN_TRY((VOID)WideStringLengthFromMode((PWCHAR)(PVOID)own, KernelMode)))
DDI_IRQL_MAX_MACRO(CopyFromUserAligned, APC_LEVEL,
                   IN_TRY((VOID)CopyFromUserAligned(own, input, 0, 1)))
DDI_IRQL_MAX_MACRO(CopyFromModeAligned, APC_LEVEL,
                   IN_TRY((VOID)CopyFromModeAligned(own, own, 0, KernelMode, 1)))
DDI_IRQL_MAX_MACRO(ReadStructFromUser, APC_LEVEL,
                   IN_TRY((VOID)ReadStructFromUser(&shapes[0], &shapes[1])))
DDI_IRQL_MAX_MACRO(ReadStructFromMode, APC_LEVEL,
                   IN_TRY((VOID)ReadStructFromMode(&shapes[0], &shapes[1], KernelMode)))
DDI_IRQL_MAX_MACRO(WriteStructToUser, APC_LEVEL,
                   IN_TRY((VOID)WriteStructToUser(&shapes[0], &shapes[1])))
DDI_IRQL_MAX_MACRO(WriteStructToMode, APC_LEVEL,
                   IN_TRY((VOID)WriteStructToMode(&shapes[0], &shapes[1], KernelMode)))
DDI_IRQL_MAX_MACRO(ReadStructFromUserAligned, APC_LEVEL,
                   IN_TRY((VOID)ReadStructFromUserAligned(&shapes[0], &shapes[1], 1)))
DDI_IRQL_MAX_MACRO(ReadStructFromModeAligned, APC_LEVEL,
                   IN_TRY((VOID)ReadStructFromModeAligned(&shapes[0], &shapes[1], KernelMode, 1)))
DDI_IRQL_MAX_MACRO(WriteStructToUserAligned, APC_LEVEL,
                   IN_TRY((VOID)WriteStructToUserAligned(&shapes[0], &shapes[1], 1)))
DDI_IRQL_MAX_MACRO(WriteStructToModeAligned, APC_LEVEL,
                   IN_TRY((VOID)WriteStructToModeAligned(&shapes[0], &shapes[1], KernelMode, 1)))
DDI_IRQL_MAX(InterlockedAndToUser, APC_LEVEL, IN_TRY((VOID)InterlockedAndToUser(&long_value, 1)))
DDI_IRQL_MAX(InterlockedAndToMode, APC_LEVEL,
             IN_TRY((VOID)InterlockedAndToMode(&long_value, 1, KernelMode)))
DDI_IRQL_MAX(InterlockedOrToUser, APC_LEVEL, IN_TRY((VOID)InterlockedOrToUser(&long_value, 1)))
DDI_IRQL_MAX(InterlockedOrToMode, APC_LEVEL,
             IN_TRY((VOID)InterlockedOrToMode(&long_value, 1, KernelMode)))
DDI_IRQL_MAX(InterlockedAnd64ToUser, APC_LEVEL,
             IN_TRY((VOID)InterlockedAnd64ToUser(&long64_value, 1)))
DDI_IRQL_MAX(InterlockedAnd64ToMode, APC_LEVEL,
             IN_TRY((VOID)InterlockedAnd64ToMode(&long64_value, 1, KernelMode)))
DDI_IRQL_MAX(InterlockedOr64ToUser, APC_LEVEL,
             IN_TRY((VOID)InterlockedOr64ToUser(&long64_value, 1)))
DDI_IRQL_MAX(InterlockedOr64ToMode, APC_LEVEL,
             IN_TRY((VOID)InterlockedOr64ToMode(&long64_value, 1, KernelMode)))
DDI_IRQL_MAX(InterlockedCompareExchangeToUser, APC_LEVEL,
             IN_TRY((VOID)InterlockedCompareExchangeToUser(&long_value, 1, 2)))
DDI_IRQL_MAX(InterlockedCompareExchangeToMode, APC_LEVEL,
             IN_TRY((VOID)InterlockedCompareExchangeToMode(&long_value, 1, 2, KernelMode)))
DDI_IRQL_MAX(InterlockedCompareExchange64ToUser, APC_LEVEL,
             IN_TRY((VOID)InterlockedCompareExchange64ToUser(&long64_value, 1, 2)))
DDI_IRQL_MAX(InterlockedCompareExchange64ToMode, APC_LEVEL,
             IN_TRY((VOID)InterlockedCompareExchange64ToMode(&long64_value, 1, 2, KernelMode)))
