// SPDX-License-Identifier: MIT
//
// ash_test.h: the harness of the host unit tests (design: three layers of tests, first layer).
//
// Include it in exactly one source file of a test executable; it defines main.
//   TEST(name) { ... }       a test; registers itself, runs in the order of the file
//   CHECK(condition)         fails the test and leaves the function when the condition is false
//   CHECK_EQ(left, right)    the same for two integers or pointers; prints both values
//   CHECK_STR(left, right)   the same for two strings
//   CHECK_MEM(left, right, bytes)  the same for two blocks of memory
// A failed check returns from the function it stands in, which must return void; a test that
// calls such a function sees ash_test_failed().
//
// Output is TAP: `1..N`, then `ok N - name` or `not ok N - name # file:line: what`. Exit status
// is 0 if and only if every test passed. An argument runs only the tests whose name contains it.
#ifndef ASH_TEST_H
#define ASH_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ash_test {
    const char *name;
    void (*run)(void);
    struct ash_test *next;
};

static struct ash_test *ash_test_first;
static struct ash_test **ash_test_tail = &ash_test_first;
static char ash_test_why[512];

// True once a check of the running test has failed.
static inline bool ash_test_failed(void)
{
    return ash_test_why[0] != '\0';
}

// Records the first failure of the running test; later ones are consequences of it.
[[gnu::format(printf, 3, 4)]] static inline void ash_test_fail(const char *file, int line,
                                                               const char *format, ...)
{
    if (ash_test_failed())
        return;
    int used = snprintf(ash_test_why, sizeof(ash_test_why), "%s:%d: ", file, line);
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    vsnprintf(ash_test_why + used, sizeof(ash_test_why) - (size_t)used, format, arguments);
    __builtin_va_end(arguments);
}

static inline void ash_test_register(struct ash_test *test)
{
    *ash_test_tail = test;
    ash_test_tail = &test->next;
}

#define TEST(test_name)                                                                            \
    static void ash_test_run_##test_name(void);                                                    \
    static struct ash_test ash_test_entry_##test_name = {#test_name, ash_test_run_##test_name,     \
                                                         nullptr};                                 \
    [[gnu::constructor]] static void ash_test_add_##test_name(void)                                \
    {                                                                                              \
        ash_test_register(&ash_test_entry_##test_name);                                            \
    }                                                                                              \
    static void ash_test_run_##test_name(void)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ash_test_fail(__FILE__, __LINE__, "%s is false", #condition);                          \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_EQ(left, right)                                                                      \
    do {                                                                                           \
        uint64_t ash_left = (uint64_t)(left), ash_right = (uint64_t)(right);                       \
        if (ash_left != ash_right) {                                                               \
            ash_test_fail(__FILE__, __LINE__,                                                      \
                          "%s is %" PRId64 " (0x%" PRIx64 "), %s is %" PRId64 " (0x%" PRIx64 ")",  \
                          #left, (int64_t)ash_left, ash_left, #right, (int64_t)ash_right,          \
                          ash_right);                                                              \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_STR(left, right)                                                                     \
    do {                                                                                           \
        const char *ash_left = (left), *ash_right = (right);                                       \
        if (strcmp(ash_left, ash_right) != 0) {                                                    \
            ash_test_fail(__FILE__, __LINE__, "%s is \"%s\", %s is \"%s\"", #left, ash_left,       \
                          #right, ash_right);                                                      \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_MEM(left, right, bytes)                                                              \
    do {                                                                                           \
        if (memcmp((left), (right), (bytes)) != 0) {                                               \
            ash_test_fail(__FILE__, __LINE__, "%s and %s differ", #left, #right);                  \
            return;                                                                                \
        }                                                                                          \
    } while (0)

static inline bool ash_test_wanted(const struct ash_test *test, const char *filter)
{
    return filter == nullptr || strstr(test->name, filter) != nullptr;
}

static inline bool ash_test_execute(struct ash_test *test, int number)
{
    ash_test_why[0] = '\0';
    test->run();
    if (ash_test_failed())
        printf("not ok %d - %s # %s\n", number, test->name, ash_test_why);
    else
        printf("ok %d - %s\n", number, test->name);
    fflush(stdout);
    return !ash_test_failed();
}

int main(int argc, char **argv)
{
    const char *filter = argc > 1 ? argv[1] : nullptr;
    int total = 0, number = 0, failed = 0;
    for (struct ash_test *test = ash_test_first; test != nullptr; test = test->next)
        total += ash_test_wanted(test, filter);
    printf("1..%d\n", total);
    for (struct ash_test *test = ash_test_first; test != nullptr; test = test->next) {
        if (ash_test_wanted(test, filter) && !ash_test_execute(test, ++number))
            failed++;
    }
    return failed == 0 && total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif // ASH_TEST_H
