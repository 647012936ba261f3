// SPDX-License-Identifier: MIT
//
// Names in file systems. Wildcards of an expression: * any run, ? one character, and the DOS forms
// < (DOS_STAR: any run up to the last dot), > (DOS_QM: one character, or none at a dot or the end),
// " (DOS_DOT: a dot, or nothing at the end).
// Matching walks with one point of return (the last star), so its time is bounded by the product of
// the lengths and it needs no memory.

#include <ntifs.h>

#include "../rtl/rtl.h"

static bool is_star(WCHAR c)
{
    return c == '*' || c == DOS_STAR;
}

static bool is_wild(WCHAR c)
{
    return is_star(c) || c == '?' || c == DOS_QM || c == DOS_DOT;
}

BOOLEAN FsRtlDoesNameContainWildCards(PUNICODE_STRING name)
{
    for (ULONG i = 0; i < name->Length / sizeof(WCHAR); i++)
        if (is_wild(name->Buffer[i]))
            return TRUE;
    return FALSE;
}

struct text {
    const WCHAR *At;
    ULONG Length;
};

static WCHAR fold(WCHAR c, bool ignore_case)
{
    return ignore_case ? rtl_upcase(c) : c;
}

static bool has_dot_from(const struct text *name, ULONG from)
{
    for (ULONG i = from; i < name->Length; i++)
        if (name->At[i] == '.')
            return true;
    return false;
}

// What one expression character takes at position n: 1, 0, or -1 for no match.
static int take(WCHAR e, const struct text *name, ULONG n, bool ignore_case)
{
    bool end = n >= name->Length;
    if (e == DOS_QM)
        return end || name->At[n] == '.' ? 0 : 1;
    if (e == DOS_DOT)
        return end ? 0 : name->At[n] == '.' ? 1 : -1;
    if (end)
        return -1;
    return e == '?' || fold(e, ignore_case) == fold(name->At[n], ignore_case) ? 1 : -1;
}

static bool match(const struct text *expression, const struct text *name, bool ignore_case)
{
    ULONG e = 0, n = 0, back_e = 0, back_n = 0;
    bool star = false;
    for (;;) {
        int taken = -1;
        if (e < expression->Length && is_star(expression->At[e])) {
            star = true;
            back_e = e++;
            back_n = n;
            continue;
        }
        if (e == expression->Length && n == name->Length)
            return true;
        if (e < expression->Length)
            taken = take(expression->At[e], name, n, ignore_case);
        if (taken >= 0) {
            e++;
            n += (ULONG)taken;
            continue;
        }
        // Let the last star swallow one more character: DOS_STAR not the last dot.
        if (!star || back_n >= name->Length ||
            (expression->At[back_e] == DOS_STAR && name->At[back_n] == '.' &&
             !has_dot_from(name, back_n + 1)))
            return false;
        n = ++back_n;
        e = back_e + 1;
    }
}

BOOLEAN FsRtlIsNameInExpression(PUNICODE_STRING expression, PUNICODE_STRING name,
                                BOOLEAN ignore_case, PWCH upcase_table)
{
    struct text e = {expression->Buffer, expression->Length / (ULONG)sizeof(WCHAR)};
    struct text n = {name->Buffer, name->Length / (ULONG)sizeof(WCHAR)};
    (void)upcase_table;
    return match(&e, &n, ignore_case);
}

BOOLEAN FsRtlIsAnsiCharacterLegalFat(UCHAR c, BOOLEAN wild_ok)
{
    if (c < ' ' || c == 0x7f)
        return FALSE;
    if (c == '*' || c == '?' || c == '<' || c == '>' || c == '"')
        return wild_ok;
    return (BOOLEAN)(strchr("+,/:;=[\\]|", c) == NULL);
}

// "\a\b\c" gives "a" and "b\c"; leading separators are skipped.
VOID FsRtlDissectName(UNICODE_STRING path, PUNICODE_STRING first, PUNICODE_STRING rest)
{
    USHORT chars = path.Length / sizeof(WCHAR), start = 0;
    *first = *rest = (UNICODE_STRING){0};
    if (chars != 0 && path.Buffer[0] == '\\')
        start = 1;
    USHORT end = start;
    while (end < chars && path.Buffer[end] != '\\')
        end++;
    first->Buffer = path.Buffer + start;
    first->Length = first->MaximumLength = (USHORT)((end - start) * sizeof(WCHAR));
    if (end >= chars)
        return;
    rest->Buffer = path.Buffer + end + 1;
    rest->Length = rest->MaximumLength = (USHORT)((chars - end - 1) * sizeof(WCHAR));
}

BOOLEAN FsRtlAreNamesEqual(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case,
                           PCWCH upcase_table)
{
    (void)upcase_table;
    return (BOOLEAN)(a->Length == b->Length &&
                     rtl_compare(a->Buffer, a->Length / sizeof(WCHAR), b->Buffer,
                                 b->Length / sizeof(WCHAR), ignore_case) == 0);
}

BOOLEAN FsRtlIsNtstatusExpected(NTSTATUS status)
{
    return (BOOLEAN)(status != STATUS_DATATYPE_MISALIGNMENT && status != STATUS_ACCESS_VIOLATION &&
                     status != STATUS_ILLEGAL_INSTRUCTION);
}

NTSTATUS FsRtlNormalizeNtstatus(NTSTATUS exception, NTSTATUS generic)
{
    return FsRtlIsNtstatusExpected(exception) ? exception : generic;
}
