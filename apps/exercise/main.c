// SPDX-License-Identifier: MIT
/* See exercise.h. */
#include "exercise.h"

static const struct {
    const char *name, *usage;
    int (*run)(int argc, char **argv);
} exercises[] = {
    {"ioctl", "", exercise_ioctl},           {"csq", "", exercise_csq},
    {"controller", "", exercise_controller}, {"event", "", exercise_event},
    {"iotrace", "FILE", exercise_iotrace},   {"copy", "FROM TO", exercise_copy},
    {"tell", "DEVICE TEXT", exercise_tell},  {"edu", "[DMA-BITS]", exercise_edu},
    {"disk", "DEVICE...", exercise_disk},    {"random", "", exercise_random},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(exercises) / sizeof(exercises[0]); i++) {
        if (strcmp(argv[1], exercises[i].name) != 0)
            continue;
        int result = exercises[i].run(argc - 1, argv + 1);
        printf("exercise %s: %s\n", argv[1], result == 0 ? "as it should be" : "WRONG");
        return result;
    }
    for (size_t i = 0; i < sizeof(exercises) / sizeof(exercises[0]); i++)
        printf("exercise %s %s\n", exercises[i].name, exercises[i].usage);
    return 1;
}
