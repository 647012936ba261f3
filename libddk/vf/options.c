// SPDX-License-Identifier: MIT
//
// The switch of a driver, and chance. Chance is a xorshift generator whose seed is an option, so
// that a run on one processor can be repeated; allocations are numbered from 1, so that a test can
// let each of them fail in turn.

#include "vf.h"

#define DEFAULT_RATE 600u // Driver Verifier's 6 %
#define DEFAULT_SEED 2463534242u
#define SCALE        10000u

ULONG vf_flags;
bool ki_log_routines;
struct vf_options vf_options = {.Rate = DEFAULT_RATE, .Seed = DEFAULT_SEED};
static volatile LONG state = (LONG)DEFAULT_SEED;
static volatile LONG allocations;

static const struct {
    const char *Name;
    ULONG Flags;
} names[] = {
    {"standard", VF_STANDARD},  {"special", VF_SPECIAL_POOL},  {"low", VF_LOW_RESOURCES},
    {"pool", VF_POOL_TRACKING}, {"io", VF_IO_CHECKING},        {"deadlock", VF_DEADLOCK},
    {"dma", VF_DMA_CHECKING},   {"pending", VF_FORCE_PENDING}, {"log", VF_IRP_LOGGING},
};

// Takes a word from *text if it is there and ends there or at one of the two characters.
static bool take(const char **text, const char *word)
{
    SIZE_T length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return false;
    char end = (*text)[length];
    if (end != 0 && end != ',' && end != '=')
        return false;
    *text += length;
    return true;
}

static bool take_number(const char **text, ULONG *number)
{
    const char *at = *text;
    ULONG base = 10, digits = 0;
    ULONG64 value = 0;
    if (at[0] == '0' && at[1] == 'x') {
        base = 16;
        at += 2;
    }
    for (;; at++, digits++) {
        ULONG digit = *at >= 'a' ? (ULONG)(*at - 'a') + 10 : (ULONG)(*at - '0');
        if ((*at < '0' || *at > '9') && (*at < 'a' || *at > 'f'))
            break;
        if (digit >= base || (value = value * base + digit) > MAXULONG)
            return false;
    }
    *number = (ULONG)value;
    *text = at;
    return digits != 0;
}

static bool take_setting(const char **text, struct vf_options *options)
{
    const struct {
        const char *Name;
        ULONG *Value;
    } settings[] = {{"rate", &options->Rate},   {"seed", &options->Seed},
                    {"fail", &options->FailAt}, {"deadline", &options->Deadline},
                    {"probe", &options->Probe}, {"memory", &options->Memory}};
    for (ULONG i = 0; i < RTL_NUMBER_OF(settings); i++)
        if (take(text, settings[i].Name))
            return *(*text)++ == '=' && take_number(text, settings[i].Value);
    if (!take(text, "underrun"))
        return false;
    options->Underrun = TRUE;
    return true;
}

static bool take_option(const char **text, struct vf_options *options)
{
    ULONG number;
    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++) {
        if (!take(text, names[i].Name))
            continue;
        options->Flags |= names[i].Flags;
        return true;
    }
    if (**text < '0' || **text > '9')
        return take_setting(text, options);
    if (!take_number(text, &number))
        return false;
    options->Flags |= number;
    return true;
}

bool vf_configure(const char *text)
{
    struct vf_options options = {.Rate = DEFAULT_RATE, .Seed = DEFAULT_SEED};
    while (*text != 0) {
        if (!take_option(&text, &options) || (*text != 0 && *text != ','))
            return false;
        text += *text == ',';
    }
    vf_set(&options);
    return true;
}

void vf_set(const struct vf_options *options)
{
    vf_options = *options;
    state = (LONG)(options->Seed != 0 ? options->Seed : DEFAULT_SEED);
    allocations = 0;
    vf_flags = options->Flags;
    ki_log_routines = (options->Flags & VF_IRP_LOGGING) != 0;
}

static ULONG next_random(void)
{
    ULONG old, x;
    do {
        old = x = (ULONG)ReadNoFence(&state);
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
    } while ((ULONG)InterlockedCompareExchange(&state, (LONG)x, (LONG)old) != old);
    return x;
}

bool vf_chance(void)
{
    return next_random() % SCALE < vf_options.Rate;
}

bool vf_fail_allocation(void)
{
    ULONG number = (ULONG)InterlockedIncrement(&allocations);
    return vf_options.FailAt != 0 ? number == vf_options.FailAt : vf_chance();
}
