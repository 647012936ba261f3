// SPDX-License-Identifier: MIT
//
// How a test of the driver kit says what it shows, for docs/ddk-coverage.md (tools/ashlar/
// coverage.py reads the declarations; the compiler checks them).
//
//   DDI_TEST(KeSetEvent, RESULTS | ERRORS, name_of_the_test) { ... }
//   DDI_SHOWS(KeClearEvent, RESULTS);          at the start of a test, for each further routine
//   DDI_SHOWS_MACRO(KeRaiseIrql, RESULTS);     the same for what the interface makes a macro
//   DDI_SHOWS_MEMBER(DMA_OPERATIONS, PutScatterGatherList, RESULTS);
//   DDI_TEST_MACRO(...)                        DDI_TEST for a macro
//   DDI_IRQL_MAX(KeSetEvent, DISPATCH_LEVEL, KeSetEvent(&event, 0, FALSE))
//       a test of its own: the call succeeds at the limit and is a bug check one level above it.
//       DDI_IRQL_MIN the same for a lowest level, ..._MACRO for macros.
//
// RESULTS: what the page says it does and returns; ERRORS: what it refuses, and how; IRQL: that it
// works up to its limit and not beyond. A routine that is misspelt or missing does not compile; the
// body of the test (or a function of the same file that it calls) must use the routine.

#ifndef DDI_TEST_H
#define DDI_TEST_H

#include "ash_test.h"
#include "posix.h"
#include <wdm.h>

enum ddi_aspect { RESULTS = 1, ERRORS = 2, IRQL = 4 };

#define DDI_ASPECTS(aspects)                                                                       \
    _Static_assert((aspects) > 0 && (aspects) <= (RESULTS | ERRORS | IRQL), "no such aspect")
#define DDI_SHOWS(routine, aspects)                                                                \
    DDI_ASPECTS(aspects);                                                                          \
    (void)&(routine)
#define DDI_SHOWS_MACRO(routine, aspects) DDI_ASPECTS(aspects)
#define DDI_SHOWS_MEMBER(type, member, aspects)                                                    \
    DDI_ASPECTS(aspects);                                                                          \
    (void)offsetof(type, member)

#define DDI_TEST(routine, aspects, name)                                                           \
    DDI_ASPECTS(aspects);                                                                          \
    enum { ddi_size_##name = sizeof(&(routine)) };                                                 \
    TEST(name)
#define DDI_TEST_MACRO(routine, aspects, name)                                                     \
    DDI_ASPECTS(aspects);                                                                          \
    TEST(name)

// True when body ends in a bug check whose text contains `rule`.
static inline bool dies(void (*body)(void *), void *argument, const char *rule)
{
    const char *text;
    bool died = posix_expect_bugcheck(body, argument, &text);
    posix_reset_thread();
    return died && strstr(text, rule) != NULL;
}

// n milliseconds from now, as a relative time.
static inline LARGE_INTEGER ms(LONG n)
{
    return (LARGE_INTEGER){.QuadPart = -10000LL * n};
}

// Calls at `limit`, then at `beyond`, where the bug check must name the limit.
static inline bool ddi_keeps_limit(void (*call)(void *), KIRQL limit, KIRQL beyond,
                                   const char *rule)
{
    const char *text = "";
    KIRQL old = KfRaiseIrql(limit);
    bool died_within = posix_expect_bugcheck(call, NULL, &text);
    posix_reset_thread();
    if (died_within)
        fprintf(stderr, "at its limit: %s\n", text);
    (void)old;
    (void)KfRaiseIrql(beyond);
    bool died = posix_expect_bugcheck(call, NULL, &text);
    posix_reset_thread();
    if (!died || strstr(text, rule) == NULL)
        fprintf(stderr, "expected a bug check with \"%s\", got \"%s\"\n", rule, text);
    return !died_within && died && strstr(text, rule) != NULL;
}

#define DDI_IRQL_CHECK(routine, limit, beyond, rule, ...)                                          \
    static void ddi_irql_call_##routine(void *unused)                                              \
    {                                                                                              \
        (void)unused;                                                                              \
        (void)(__VA_ARGS__);                                                                       \
    }                                                                                              \
    TEST(irql_of_##routine)                                                                        \
    {                                                                                              \
        CHECK(ddi_keeps_limit(ddi_irql_call_##routine, (limit), (beyond), (rule)));                \
    }
#define DDI_IRQL_MAX_MACRO(routine, limit, ...)                                                    \
    DDI_IRQL_CHECK(routine, limit, (limit) + 1, "above " #limit, __VA_ARGS__)
#define DDI_IRQL_MIN_MACRO(routine, limit, ...)                                                    \
    DDI_IRQL_CHECK(routine, limit, (limit) - 1, "below " #limit, __VA_ARGS__)
#define DDI_IRQL_MAX(routine, limit, ...)                                                          \
    enum { ddi_size_of_##routine = sizeof(&(routine)) };                                           \
    DDI_IRQL_CHECK(routine, limit, (limit) + 1, "above " #limit, __VA_ARGS__)
#define DDI_IRQL_MIN(routine, limit, ...)                                                          \
    enum { ddi_size_of_##routine = sizeof(&(routine)) };                                           \
    DDI_IRQL_CHECK(routine, limit, (limit) - 1, "below " #limit, __VA_ARGS__)

#endif
