// SPDX-License-Identifier: MIT
//
// Several threads on one volume: each checks its own part of a shared file while others extend and
// cut that file's end, create, fill and delete files, and list the directory.
#include "kit.h"

#include "ash_test.h"

#include <pthread.h>

#include "scene.h"

enum { ROUNDS = 150, PART = 16384, THREADS = 4 };

struct actor {
    PDEVICE_OBJECT volume;
    KIT_FILE *shared;
    unsigned number;
    unsigned failures;
    pthread_t thread;
};

static void expect(struct actor *a, bool condition)
{
    a->failures += !condition;
}

// Writes and reads its own part, aligned and not.
static void *own_part(void *argument)
{
    struct actor *a = argument;
    static _Alignas(4096) uint8_t memory[THREADS][2][PART];
    uint8_t *data = memory[a->number][0];
    uint8_t *back = memory[a->number][1];
    LONGLONG base = (LONGLONG)a->number * PART;
    ULONG_PTR done;
    for (unsigned round = 0; round < ROUNDS; round++) {
        ULONG skip = round % 3 == 0 ? 0 : 100 + round;
        memset(data, (int)(round + a->number), PART);
        expect(a, NT_SUCCESS(kit_transfer(a->shared, IRP_MJ_WRITE, base + skip, data,
                                          PART - 2 * skip, &done)));
        KIT_REQUEST *requests[4];
        for (unsigned i = 0; i < 4; i++)
            requests[i] = kit_start(a->shared, IRP_MJ_READ, base + i * (PART / 4),
                                    back + i * (PART / 4), PART / 4);
        for (unsigned i = 0; i < 4; i++)
            expect(a, NT_SUCCESS(kit_wait(requests[i], &done)) && done == PART / 4);
        expect(a, memcmp(back + skip, data, PART - 2 * skip) == 0);
    }
    return NULL;
}

// Moves the end of the shared file, which stays behind all parts.
static void *move_end(void *argument)
{
    struct actor *a = argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        FILE_END_OF_FILE_INFORMATION end;
        end.EndOfFile.QuadPart = THREADS * PART + (round * 7919) % 60000;
        expect(a, NT_SUCCESS(kit_set(a->shared, FileEndOfFileInformation, &end, sizeof end)));
        char byte = 'x';
        expect(a, NT_SUCCESS(kit_transfer(a->shared, IRP_MJ_WRITE, end.EndOfFile.QuadPart + 5000,
                                          &byte, 1, NULL)));
    }
    return NULL;
}

static void *other_files(void *argument)
{
    struct actor *a = argument;
    static uint8_t data[5000];
    for (unsigned round = 0; round < ROUNDS; round++) {
        char name[32];
        KIT_FILE *file;
        snprintf(name, sizeof name, "\\Other file %u", round % 7);
        NTSTATUS status =
            kit_create(a->volume, NULL, name, READ_WRITE, SHARE_ALL, FILE_OVERWRITE_IF,
                       PLAIN | (round % 3 == 0 ? FILE_DELETE_ON_CLOSE : 0), 0, &file, NULL);
        expect(a, NT_SUCCESS(status));
        if (!NT_SUCCESS(status))
            continue;
        expect(a, NT_SUCCESS(kit_transfer(file, IRP_MJ_WRITE, 0, data, sizeof data, NULL)));
        kit_close(file);
    }
    return NULL;
}

static void *list_root(void *argument)
{
    struct actor *a = argument;
    uint64_t buffer[512];
    KIT_FILE *root;
    for (unsigned round = 0; round < ROUNDS; round++) {
        expect(a, NT_SUCCESS(kit_create(a->volume, NULL, "\\", FILE_GENERIC_READ, SHARE_ALL,
                                        FILE_OPEN, FILE_DIRECTORY_FILE, 0, &root, NULL)));
        expect(a, NT_SUCCESS(kit_list(root, FileBothDirectoryInformation, NULL, 0, buffer,
                                      sizeof buffer, NULL)));
        kit_close(root);
    }
    return NULL;
}

TEST(threads_do_not_disturb_each_other)
{
    void *(*const roles[])(void *) = {own_part, own_part,    own_part, own_part,
                                      move_end, other_files, list_root};
    enum { COUNT = sizeof roles / sizeof roles[0] };
    struct scene s;
    struct actor actors[COUNT] = {0};
    KIT_FILE *shared;
    uint8_t *data = pattern(THREADS * PART, 1);
    CHECK(scene_begin(&s, 8192, "-F 16 -s 1", true));
    CHECK_EQ(kit_create(s.volume, NULL, "\\Shared", READ_WRITE, SHARE_ALL, FILE_CREATE,
                        FILE_NON_DIRECTORY_FILE, 0, &shared, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(shared, IRP_MJ_WRITE, 0, data, THREADS * PART, NULL), STATUS_SUCCESS);
    for (unsigned i = 0; i < COUNT; i++) {
        actors[i] = (struct actor){.volume = s.volume, .shared = shared, .number = i};
        CHECK_EQ(pthread_create(&actors[i].thread, NULL, roles[i], &actors[i]), 0);
    }
    unsigned failures = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        pthread_join(actors[i].thread, NULL);
        failures += actors[i].failures;
    }
    CHECK_EQ(failures, 0);
    kit_close(shared);
    scene_end(&s);
}
