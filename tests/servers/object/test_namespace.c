// SPDX-License-Identifier: MIT
// The namespace by the rules of abi/object.h.
#include "ash_test.h"
#include "namespace.h"

static ash_word insert(const char *path, bool permanent, ash_status wanted)
{
    struct ash_ob_insert_request request = {
        .type = ASH_OB_TYPE_DEVICE, .cookie = 0x77, .permanent = permanent};
    strcpy(request.path, path);
    ash_word id = 0;
    ash_status status = ob_insert(ASH_TASK_IO, &request, &id);
    if (status != wanted)
        ash_test_fail(__FILE__, __LINE__, "insert %s: 0x%08x", path, (unsigned)status);
    return id;
}

static ash_status look(const char *path, struct ash_ob_lookup_reply *reply)
{
    *reply = (struct ash_ob_lookup_reply){0};
    return ob_lookup(path, reply);
}

static void start(void)
{
    CHECK_EQ(ob_initialize(), STATUS_SUCCESS);
}

TEST(first_directories_exist)
{
    start();
    static const char *const paths[] = {
        "\\",           "\\Device",        "/driver",   "\\??", "\\DosDevices\\",
        "\\FileSystem", "\\KernelObjects", "\\Callback"};
    struct ash_ob_lookup_reply reply;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        CHECK_EQ(look(paths[i], &reply), STATUS_SUCCESS);
        CHECK_EQ(reply.type, ASH_OB_TYPE_DIRECTORY);
    }
}

TEST(lookup_stops_at_object_and_keeps_rest)
{
    start();
    ash_word id = insert("\\Device\\HarddiskVolume1", true, STATUS_SUCCESS);
    struct ash_ob_lookup_reply reply;
    CHECK_EQ(look("/device/harddiskvolume1/Dir\\File.txt", &reply), STATUS_SUCCESS);
    CHECK_EQ(reply.id, id);
    CHECK_EQ(reply.cookie, 0x77);
    CHECK_EQ(reply.owner, ASH_TASK_IO);
    CHECK_STR(reply.rest, "/Dir\\File.txt");
    CHECK_EQ(look("\\Device\\HarddiskVolume1", &reply), STATUS_SUCCESS);
    CHECK_STR(reply.rest, "");
    CHECK_EQ(look("\\Device\\HarddiskVolume1\\", &reply), STATUS_SUCCESS);
    CHECK_STR(reply.rest, "\\");
}

TEST(symbolic_links_are_followed)
{
    start();
    insert("\\Device\\V", true, STATUS_SUCCESS);
    CHECK_EQ(ob_symlink(5, "\\DosDevices\\C:", "\\Device\\V"), STATUS_SUCCESS);
    CHECK_EQ(ob_symlink(5, "\\??\\Boot", "\\DosDevices\\C:\\boot"), STATUS_SUCCESS);
    struct ash_ob_lookup_reply reply;
    CHECK_EQ(look("\\??\\c:\\a\\b", &reply), STATUS_SUCCESS);
    CHECK_STR(reply.rest, "\\a\\b");
    CHECK_EQ(look("\\??\\boot\\x", &reply), STATUS_SUCCESS);
    CHECK_STR(reply.rest, "\\boot\\x");
    char target[64];
    CHECK_EQ(ob_query_link("\\??\\c:", target, sizeof(target)), STATUS_SUCCESS);
    CHECK_STR(target, "\\Device\\V");
    CHECK_EQ(ob_query_link("\\Device\\V", target, sizeof(target)), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ob_query_link("\\??\\c:", target, 4), STATUS_BUFFER_TOO_SMALL);
}

TEST(link_circles_end)
{
    start();
    CHECK_EQ(ob_symlink(5, "\\DosDevices\\A", "\\DosDevices\\B"), STATUS_SUCCESS);
    CHECK_EQ(ob_symlink(5, "\\DosDevices\\B", "\\DosDevices\\A"), STATUS_SUCCESS);
    CHECK_EQ(ob_symlink(5, "\\DosDevices\\G", "\\DosDevices\\G\\longer"), STATUS_SUCCESS);
    struct ash_ob_lookup_reply reply;
    CHECK_EQ(look("\\DosDevices\\A\\x", &reply), STATUS_REPARSE_POINT_NOT_RESOLVED);
    CHECK_EQ(look("\\DosDevices\\G", &reply), STATUS_REPARSE_POINT_NOT_RESOLVED);
}

TEST(errors_tell_last_from_earlier)
{
    start();
    insert("\\Device\\X", true, STATUS_SUCCESS);
    struct ash_ob_lookup_reply reply;
    CHECK_EQ(look("\\Device\\Y", &reply), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(look("\\Devices\\Y", &reply), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(look("Device", &reply), STATUS_OBJECT_PATH_INVALID);
    CHECK_EQ(look("", &reply), STATUS_OBJECT_PATH_INVALID);
    CHECK_EQ(look("\\Device\\\\X", &reply), STATUS_OBJECT_NAME_INVALID);
    insert("\\Device\\x", true, STATUS_OBJECT_NAME_COLLISION);
    insert("\\Nowhere\\x", true, STATUS_OBJECT_PATH_NOT_FOUND);
    insert("\\Device\\X\\y", true, STATUS_OBJECT_TYPE_MISMATCH);
    char longest[ASH_STRING] = "\\Device\\";
    memset(longest + 8, 'n', OB_NAME_MAX + 1);
    insert(longest, true, STATUS_OBJECT_NAME_INVALID);
    longest[8 + OB_NAME_MAX] = '\0';
    insert(longest, true, STATUS_SUCCESS);
}

TEST(temporary_object_goes_with_its_last_handle)
{
    start();
    ash_word id = insert("\\KernelObjects\\E", false, STATUS_SUCCESS), left = 99;
    struct ash_ob_lookup_reply reply;
    CHECK_EQ(ob_reference(ASH_TASK_IO, id), STATUS_SUCCESS);
    CHECK_EQ(ob_dereference(ASH_TASK_IO, id, &left), STATUS_SUCCESS);
    CHECK_EQ(left, 1);
    CHECK_EQ(look("\\KernelObjects\\E", &reply), STATUS_SUCCESS);
    CHECK_EQ(ob_dereference(ASH_TASK_IO, id, &left), STATUS_SUCCESS);
    CHECK_EQ(look("\\KernelObjects\\E", &reply), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ob_dereference(ASH_TASK_IO, id, &left), STATUS_INVALID_HANDLE);
}

TEST(removed_object_lives_nameless_while_referenced)
{
    start();
    ash_word id = insert("\\Device\\D", true, STATUS_SUCCESS), left;
    struct ash_ob_lookup_reply reply;
    CHECK_EQ(ob_reference(ASH_TASK_IO, id), STATUS_SUCCESS);
    CHECK_EQ(ob_remove(ASH_TASK_PNP, id), STATUS_ACCESS_DENIED);
    CHECK_EQ(ob_remove(ASH_TASK_IO, id), STATUS_SUCCESS);
    CHECK_EQ(look("\\Device\\D", &reply), STATUS_OBJECT_NAME_NOT_FOUND);
    insert("\\Device\\D", true, STATUS_SUCCESS);
    CHECK_EQ(ob_dereference(ASH_TASK_IO, id, &left), STATUS_SUCCESS);
    CHECK_EQ(ob_reference(ASH_TASK_IO, id), STATUS_INVALID_HANDLE);
}

TEST(directories_nest_and_must_be_empty_to_go)
{
    start();
    ash_word id = 0;
    CHECK_EQ(ob_make_directory(ASH_TASK_IO, "\\Device\\Harddisk0", &id), STATUS_SUCCESS);
    ash_word disk = insert("\\Device\\Harddisk0\\DR0", true, STATUS_SUCCESS);
    CHECK_EQ(ob_remove(ASH_TASK_IO, id), STATUS_DIRECTORY_NOT_EMPTY);
    CHECK_EQ(ob_remove(ASH_TASK_IO, disk), STATUS_SUCCESS);
    CHECK_EQ(ob_remove(ASH_TASK_IO, id), STATUS_SUCCESS);
}

TEST(enumerate_in_order_until_the_end)
{
    start();
    insert("\\Driver\\one", true, STATUS_SUCCESS);
    insert("\\Driver\\two", true, STATUS_SUCCESS);
    CHECK_EQ(ob_symlink(5, "\\Driver\\three", "\\Device"), STATUS_SUCCESS);
    struct ash_ob_entry_reply entry;
    CHECK_EQ(ob_enumerate("\\Driver", 0, &entry), STATUS_SUCCESS);
    CHECK_STR(entry.name, "one");
    CHECK_EQ(ob_enumerate("\\Driver", 2, &entry), STATUS_SUCCESS);
    CHECK_STR(entry.target, "\\Device");
    CHECK_EQ(ob_enumerate("\\Driver", 3, &entry), STATUS_NO_MORE_ENTRIES);
    CHECK_EQ(ob_enumerate("\\Driver\\one", 0, &entry), STATUS_OBJECT_TYPE_MISMATCH);
}

TEST(unlink_only_links_and_only_own)
{
    start();
    insert("\\Device\\X", true, STATUS_SUCCESS);
    CHECK_EQ(ob_symlink(5, "\\DosDevices\\C:", "\\Device\\X"), STATUS_SUCCESS);
    CHECK_EQ(ob_unlink(6, "\\DosDevices\\C:"), STATUS_ACCESS_DENIED);
    CHECK_EQ(ob_unlink(5, "\\Device\\X"), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ob_unlink(5, "\\??\\c:"), STATUS_SUCCESS);
    struct ash_ob_lookup_reply reply;
    CHECK_EQ(look("\\??\\C:", &reply), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ob_symlink(5, "\\DosDevices\\C:", "relative"), STATUS_OBJECT_PATH_INVALID);
}

TEST(objects_are_limited)
{
    start();
    ash_status status = STATUS_SUCCESS;
    unsigned made = 0;
    for (; made <= OB_OBJECTS_MAX && ash_success(status); made++) {
        char path[64];
        ash_word id;
        snprintf(path, sizeof(path), "\\Device\\d%u", made);
        status = ob_make_directory(5, path, &id);
    }
    CHECK_EQ(status, STATUS_INSUFFICIENT_RESOURCES);
    CHECK(made > 4000);
    start();
}
