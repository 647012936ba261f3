// SPDX-License-Identifier: MIT
//
// Opening, deleting, renaming, listing and questioning files through the FAT driver's dispatch
// routines.
#include "kit.h"

#include "ash_test.h"

#include "scene.h"

TEST(dispositions_are_followed)
{
    struct scene s;
    KIT_FILE *file;
    ULONG_PTR information;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &file), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_file(&s, "\\x", FILE_OVERWRITE, &file), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_file(&s, "\\no\\x", FILE_OPEN, &file), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(open_file(&s, "\\a*b", FILE_OPEN_IF, &file), STATUS_OBJECT_NAME_INVALID);
    static const struct {
        ULONG disposition;
        NTSTATUS status;
        ULONG_PTR information;
    } cases[] = {
        {FILE_OPEN_IF, STATUS_SUCCESS, FILE_CREATED},
        {FILE_OPEN_IF, STATUS_SUCCESS, FILE_OPENED},
        {FILE_CREATE, STATUS_OBJECT_NAME_COLLISION, 0},
        {FILE_OVERWRITE, STATUS_SUCCESS, FILE_OVERWRITTEN},
        {FILE_OVERWRITE_IF, STATUS_SUCCESS, FILE_OVERWRITTEN},
        {FILE_SUPERSEDE, STATUS_SUCCESS, FILE_SUPERSEDED},
        {9, STATUS_INVALID_PARAMETER, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE_STANDARD_INFORMATION standard;
        CHECK_EQ(kit_create(s.volume, NULL, "\\X", READ_WRITE, SHARE_ALL, cases[i].disposition,
                            PLAIN, 0, &file, &information),
                 cases[i].status);
        if (file == NULL)
            continue;
        CHECK_EQ(information, cases[i].information);
        CHECK_EQ(kit_query(file, FileStandardInformation, &standard, sizeof standard, NULL),
                 STATUS_SUCCESS);
        CHECK_EQ(standard.EndOfFile.QuadPart, information == FILE_OPENED ? 700 : 0);
        char bytes[700] = {0};
        CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, bytes, 700, NULL), STATUS_SUCCESS);
        kit_close(file);
    }
    CHECK_EQ(open_directory(&s, "\\x", FILE_OPEN, &file), STATUS_NOT_A_DIRECTORY);
    scene_end(&s);
}

TEST(directories_are_opened)
{
    struct scene s;
    KIT_FILE *file;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(open_directory(&s, "\\d", FILE_CREATE, &file), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(open_file(&s, "\\d", FILE_OPEN, &file), STATUS_FILE_IS_A_DIRECTORY);
    CHECK_EQ(open_file(&s, "\\x\\", FILE_OPEN, &file), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(open_directory(&s, "\\d\\", FILE_OPEN, &file), STATUS_SUCCESS);
    KIT_FILE *below;
    CHECK_EQ(kit_create(s.volume, file, "below", READ_WRITE, SHARE_ALL, FILE_CREATE, PLAIN, 0,
                        &below, NULL),
             STATUS_SUCCESS);
    kit_close(below);
    kit_close(file);
    CHECK_EQ(open_file(&s, "\\D\\BELOW", FILE_OPEN, &file), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(open_directory(&s, "\\", FILE_OPEN, &file), STATUS_SUCCESS);
    kit_close(file);
    scene_end(&s);
}

TEST(sharing_and_access_are_checked)
{
    struct scene s;
    KIT_FILE *a;
    KIT_FILE *b;
    char byte = 0;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(kit_create(s.volume, NULL, "\\x", FILE_GENERIC_READ, FILE_SHARE_READ, FILE_CREATE,
                        PLAIN, 0, &a, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_create(s.volume, NULL, "\\x", FILE_GENERIC_WRITE, SHARE_ALL, FILE_OPEN, PLAIN, 0,
                        &b, NULL),
             STATUS_SHARING_VIOLATION);
    CHECK_EQ(kit_create(s.volume, NULL, "\\x", FILE_GENERIC_READ, SHARE_ALL, FILE_OPEN, PLAIN, 0,
                        &b, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(b, IRP_MJ_WRITE, 0, &byte, 1, NULL), STATUS_ACCESS_DENIED);
    kit_close(b);
    kit_close(a);
    CHECK_EQ(kit_create(s.volume, NULL, "\\r", READ_WRITE, SHARE_ALL, FILE_CREATE, PLAIN,
                        FILE_ATTRIBUTE_READONLY, &a, NULL),
             STATUS_SUCCESS);
    kit_close(a);
    CHECK_EQ(open_file(&s, "\\r", FILE_OPEN, &a), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_file(&s, "\\r", FILE_OVERWRITE, &a), STATUS_ACCESS_DENIED);
    CHECK_EQ(kit_create(s.volume, NULL, "\\r", FILE_GENERIC_READ | DELETE, SHARE_ALL, FILE_OPEN,
                        PLAIN | FILE_DELETE_ON_CLOSE, 0, &a, NULL),
             STATUS_CANNOT_DELETE);
    scene_end(&s);
}

TEST(files_are_deleted)
{
    struct scene s;
    KIT_FILE *a;
    KIT_FILE *b;
    FILE_DISPOSITION_INFORMATION yes = {TRUE};
    uint8_t bytes[2000] = {1};
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &a), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(a, IRP_MJ_WRITE, 0, bytes, 2000, NULL), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &b), STATUS_SUCCESS);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes), STATUS_SUCCESS);
    kit_close(a);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &a), STATUS_DELETE_PENDING);
    CHECK_EQ(kit_transfer(b, IRP_MJ_READ, 0, bytes, 512, NULL), STATUS_SUCCESS);
    kit_close(b);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(kit_create(s.volume, NULL, "\\y", READ_WRITE, SHARE_ALL, FILE_CREATE,
                        PLAIN | FILE_DELETE_ON_CLOSE, 0, &a, NULL),
             STATUS_SUCCESS);
    kit_close(a);
    CHECK_EQ(open_file(&s, "\\y", FILE_OPEN, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_directory(&s, "\\d", FILE_CREATE, &a), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\d\\x", FILE_CREATE, &b), STATUS_SUCCESS);
    kit_close(b);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes), STATUS_DIRECTORY_NOT_EMPTY);
    CHECK_EQ(open_file(&s, "\\d\\x", FILE_OPEN, &b), STATUS_SUCCESS);
    CHECK_EQ(kit_set(b, FileDispositionInformation, &yes, sizeof yes), STATUS_SUCCESS);
    kit_close(b);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\d\\new", FILE_CREATE, &b), STATUS_DELETE_PENDING);
    kit_close(a);
    CHECK_EQ(open_directory(&s, "\\d", FILE_OPEN, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_directory(&s, "\\", FILE_OPEN, &a), STATUS_SUCCESS);
    CHECK_EQ(kit_set(a, FileDispositionInformation, &yes, sizeof yes), STATUS_CANNOT_DELETE);
    kit_close(a);
    scene_end(&s);
}

static void check_name(KIT_FILE *file, const char *expected)
{
    struct {
        ULONG length;
        WCHAR text[100];
    } name;
    CHECK_EQ(kit_query(file, FileNameInformation, &name, sizeof name, NULL), STATUS_SUCCESS);
    CHECK_EQ(name.length, strlen(expected) * 2);
    for (size_t i = 0; expected[i] != 0; i++)
        CHECK_EQ(name.text[i], (UCHAR)expected[i]);
}

TEST(files_are_renamed)
{
    struct scene s;
    KIT_FILE *a;
    KIT_FILE *b;
    KIT_FILE *d;
    CHECK(scene_begin(&s, 8000, "-F 16 -s 1", false));
    CHECK_EQ(open_directory(&s, "\\dir", FILE_CREATE, &d), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\one", FILE_CREATE, &a), STATUS_SUCCESS);
    CHECK_EQ(kit_transfer(a, IRP_MJ_WRITE, 0, "hello", 5, NULL), STATUS_SUCCESS);
    CHECK_EQ(kit_rename(a, "A longer name", false), STATUS_SUCCESS);
    check_name(a, "\\A longer name");
    CHECK_EQ(kit_rename(a, "\\dir\\moved", false), STATUS_SUCCESS);
    check_name(a, "\\dir\\moved");
    CHECK_EQ(kit_rename(a, "\\??\\C:\\dir\\again", false), STATUS_SUCCESS);
    check_name(a, "\\dir\\again");
    CHECK_EQ(kit_rename(a, "C:/Dir/AGAIN", false), STATUS_SUCCESS);
    CHECK_EQ(open_file(&s, "\\two", FILE_CREATE, &b), STATUS_SUCCESS);
    CHECK_EQ(kit_rename(a, "\\Device\\HarddiskVolume1\\two", false), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(kit_rename(a, "\\two", true), STATUS_ACCESS_DENIED); // it is open
    kit_close(b);
    CHECK_EQ(kit_rename(a, "\\two", true), STATUS_SUCCESS);
    CHECK_EQ(kit_rename(a, "\\no\\two", true), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(kit_rename(a, "a?b", true), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(kit_rename(d, "\\dir\\below", false), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(kit_rename(d, "Directory", false), STATUS_SUCCESS);
    kit_close(a);
    kit_close(d);
    CHECK(image_run(&s.image, "test \"$(mtype -i $IMAGE ::two)\" = hello"));
    scene_end(&s);
}

// Looks at the entries of one answer, which are numbered files from *count on.
static void check_listing(const uint64_t *buffer, unsigned *count)
{
    const uint8_t *at = (const uint8_t *)buffer;
    for (;;) {
        const FILE_BOTH_DIR_INFORMATION *info = (const FILE_BOTH_DIR_INFORMATION *)at;
        char name[64];
        snprintf(name, sizeof name, "File number %u.text", *count);
        CHECK_EQ(info->FileNameLength, strlen(name) * 2);
        CHECK_EQ(info->FileName[12], (UCHAR)name[12]);
        CHECK_EQ(info->EndOfFile.QuadPart, *count);
        CHECK(info->ShortNameLength > 0);
        ++*count;
        if (info->NextEntryOffset == 0)
            break;
        CHECK_EQ(info->NextEntryOffset % 8, 0);
        at += info->NextEntryOffset;
    }
}

static void make_files(struct scene *s, int count)
{
    KIT_FILE *file;
    for (int i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "\\d\\File number %d.text", i);
        CHECK_EQ(open_file(s, name, FILE_CREATE, &file), STATUS_SUCCESS);
        CHECK_EQ(kit_transfer(file, IRP_MJ_WRITE, 0, name, (ULONG)i, NULL), STATUS_SUCCESS);
        kit_close(file);
    }
}

TEST(directories_are_listed)
{
    struct scene s;
    KIT_FILE *d;
    uint64_t buffer[256];
    ULONG_PTR used;
    unsigned count = 0;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_directory(&s, "\\d", FILE_CREATE, &d), STATUS_SUCCESS);
    make_files(&s, 40);
    for (;;) {
        NTSTATUS status = kit_list(d, FileBothDirectoryInformation, "FILE*.TEXT", 0, buffer,
                                   sizeof buffer, &used);
        if (status == STATUS_NO_MORE_FILES)
            break;
        CHECK_EQ(status, STATUS_SUCCESS);
        CHECK(used <= sizeof buffer);
        check_listing(buffer, &count);
    }
    CHECK_EQ(count, 40);
    kit_close(d);
    scene_end(&s);
}

TEST(listings_are_cut_restarted_and_empty)
{
    struct scene s;
    KIT_FILE *d;
    uint64_t buffer[256];
    ULONG_PTR used;
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_directory(&s, "\\d", FILE_CREATE, &d), STATUS_SUCCESS);
    make_files(&s, 4);
    CHECK_EQ(kit_list(d, FileNamesInformation, NULL, SL_RESTART_SCAN | SL_RETURN_SINGLE_ENTRY,
                      buffer, sizeof buffer, &used),
             STATUS_SUCCESS);
    FILE_NAMES_INFORMATION *one = (FILE_NAMES_INFORMATION *)buffer;
    CHECK_EQ(one->NextEntryOffset, 0);
    CHECK_EQ(kit_list(d, FileDirectoryInformation, NULL, SL_RESTART_SCAN, buffer, 64, &used),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(used, 64);
    CHECK_EQ(kit_list(d, FileDirectoryInformation, NULL, SL_RESTART_SCAN, buffer, 60, &used),
             STATUS_INFO_LENGTH_MISMATCH);
    kit_close(d);
    CHECK_EQ(open_directory(&s, "\\d", FILE_OPEN, &d), STATUS_SUCCESS);
    CHECK_EQ(kit_list(d, FileDirectoryInformation, "nothing", 0, buffer, sizeof buffer, &used),
             STATUS_NO_SUCH_FILE);
    kit_close(d);
    scene_end(&s);
}

TEST(information_is_set_and_told)
{
    struct scene s;
    KIT_FILE *file;
    uint64_t buffer[64];
    ULONG_PTR used;
    FILE_BASIC_INFORMATION basic = {.LastWriteTime.QuadPart = 133000000000000000,
                                    .FileAttributes = FILE_ATTRIBUTE_HIDDEN};
    CHECK(scene_begin(&s, 1440, "-F 12 -s 1", false));
    CHECK_EQ(open_file(&s, "\\x", FILE_CREATE, &file), STATUS_SUCCESS);
    CHECK_EQ(kit_set(file, FileBasicInformation, &basic, sizeof basic), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(open_file(&s, "\\x", FILE_OPEN, &file), STATUS_SUCCESS);
    FILE_NETWORK_OPEN_INFORMATION open;
    CHECK_EQ(kit_query(file, FileNetworkOpenInformation, &open, sizeof open, NULL), STATUS_SUCCESS);
    CHECK_EQ(open.LastWriteTime.QuadPart, 133000000000000000);
    CHECK_EQ(open.FileAttributes, FILE_ATTRIBUTE_HIDDEN);
    CHECK_EQ(kit_query(file, FileAllInformation, buffer, sizeof buffer, &used), STATUS_SUCCESS);
    CHECK_EQ(used, offsetof(FILE_ALL_INFORMATION, NameInformation) + 4 + 4);
    CHECK_EQ(kit_query(file, FileBasicInformation, buffer, 8, &used), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(kit_query(file, (FILE_INFORMATION_CLASS)99, buffer, 8, &used),
             STATUS_INVALID_INFO_CLASS);
    FILE_FS_FULL_SIZE_INFORMATION size;
    CHECK_EQ(kit_query_volume(file, FileFsFullSizeInformation, &size, sizeof size, &used),
             STATUS_SUCCESS);
    CHECK(size.TotalAllocationUnits.QuadPart > 2000);
    CHECK_EQ(size.ActualAvailableAllocationUnits.QuadPart, size.TotalAllocationUnits.QuadPart);
    CHECK_EQ(size.BytesPerSector, 512);
    CHECK_EQ(kit_query_volume(file, FileFsVolumeInformation, buffer, sizeof buffer, &used),
             STATUS_SUCCESS);
    FILE_FS_VOLUME_INFORMATION *volume = (FILE_FS_VOLUME_INFORMATION *)buffer;
    CHECK_EQ(volume->VolumeSerialNumber, 0x1234abcd);
    CHECK_EQ(volume->VolumeLabelLength, 12);
    CHECK_EQ(kit_query_volume(file, FileFsAttributeInformation, buffer, sizeof buffer, &used),
             STATUS_SUCCESS);
    CHECK_EQ(used, 12 + 6);
    CHECK_EQ(kit_simple(s.volume, file, IRP_MJ_FLUSH_BUFFERS), STATUS_SUCCESS);
    kit_close(file);
    CHECK_EQ(kit_simple(s.volume, NULL, IRP_MJ_SHUTDOWN), STATUS_SUCCESS);
    scene_end(&s);
}
