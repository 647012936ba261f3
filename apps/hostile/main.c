// SPDX-License-Identifier: MIT
// Chooses the kind.
#include "hostile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ash_word seed = 1;

static const struct kind *const groups[] = {message_kinds, memory_kinds, resource_kinds,
                                            buffer_kinds};

ash_word random_word(void)
{
    static ash_word state;
    if (state == 0)
        state = seed * 0x9e3779b97f4a7c15u + 1;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
}

ash_word random_below(ash_word limit)
{
    return random_word() % limit;
}

ash_word awkward_word(void)
{
    static char own[4096];
    switch (random_below(8)) {
    case 0:
        return random_below(32);
    case 1:
        return random_below(4096);
    case 2:
        return ~random_below(4096);
    case 3:
        return ((ash_word)1 << random_below(64)) - random_below(3);
    case 4:
        return (ash_word)own + random_below(sizeof(own));
    case 5:
        return random_below(64) * ASH_PAGE_SIZE;
    case 6:
        return 0x80000000u + random_below(1u << 29);
    default:
        return random_word();
    }
}

static int usage(void)
{
    printf("usage: hostile KIND [SEED]\n");
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
        for (const struct kind *kind = groups[g]; kind->name != nullptr; kind++)
            printf("  %-14s %s\n", kind->name, kind->help);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage();
    if (argc > 2)
        seed = strtoul(argv[2], nullptr, 0);
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
        for (const struct kind *kind = groups[g]; kind->name != nullptr; kind++)
            if (strcmp(kind->name, argv[1]) == 0)
                return kind->run();
    return usage();
}
