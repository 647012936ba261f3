// SPDX-License-Identifier: MIT
// The objects and their life. Invariants: an object is in its parent's list if and only if
// `parent` is set; a nameless object has at least one handle; only directories have children;
// every live object is in `live`.
#include "namespace.h"
#include <stdlib.h>
#include <string.h>

static struct ob_object *live;
static struct ob_object *root;
static ash_word last_id;
static unsigned count;

struct ob_object *ob_root(void)
{
    return root;
}

struct ob_object *ob_child(const struct ob_object *directory, struct ob_name name)
{
    struct ob_object *child = directory->children;
    while (child != nullptr &&
           !ob_name_equal((struct ob_name){child->name, strlen(child->name)}, name))
        child = child->sibling;
    return child;
}

static void link_child(struct ob_object *directory, struct ob_object *child)
{
    struct ob_object **end = &directory->children;
    while (*end != nullptr)
        end = &(*end)->sibling;
    *end = child;
    child->parent = directory;
}

static void unlink_child(struct ob_object *child)
{
    struct ob_object **at = &child->parent->children;
    while (*at != child)
        at = &(*at)->sibling;
    *at = child->sibling;
    child->sibling = nullptr;
    child->parent = nullptr;
}

static void free_object(struct ob_object *object)
{
    struct ob_object **at = &live;
    while (*at != object)
        at = &(*at)->next;
    *at = object->next;
    count--;
    free(object->target);
    free(object);
}

static ash_status new_object(ash_word owner, ash_word type, struct ob_object **result)
{
    if (count >= OB_OBJECTS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct ob_object *object = calloc(1, sizeof(*object));
    if (object == nullptr)
        return STATUS_NO_MEMORY;
    object->id = ++last_id;
    object->type = type;
    object->owner = owner;
    object->next = live;
    live = object;
    count++;
    *result = object;
    return STATUS_SUCCESS;
}

/* Makes an object at `path`, whose last component must be free and its directory exist. */
static ash_status create(ash_word owner, ash_word type, const char *path, struct ob_object **result)
{
    struct ob_walk walk;
    ash_status status = ob_walk(&walk, path, false);
    if (ash_success(status))
        return ob_path_ends(walk.place.rest) ? STATUS_OBJECT_NAME_COLLISION
                                             : STATUS_OBJECT_TYPE_MISMATCH;
    if (status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    status = new_object(owner, type, result);
    if (!ash_success(status))
        return status;
    memcpy((*result)->name, walk.place.last.text, walk.place.last.length);
    (*result)->permanent = true;
    link_child(walk.place.parent, *result);
    return STATUS_SUCCESS;
}

static struct ob_object *find(ash_word id)
{
    struct ob_object *object = live;
    while (object != nullptr && object->id != id)
        object = object->next;
    return object;
}

static ash_status find_own(ash_word owner, ash_word id, struct ob_object **object)
{
    *object = find(id);
    if (*object == nullptr)
        return STATUS_INVALID_HANDLE;
    return (*object)->owner == owner ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

/* Takes the name away, and the object too if nothing holds it. */
static void lose_name(struct ob_object *object)
{
    if (object->parent != nullptr)
        unlink_child(object);
    if (object->handles == 0)
        free_object(object);
}

ash_status ob_insert(ash_word owner, const struct ash_ob_insert_request *request, ash_word *id)
{
    if (request->type <= ASH_OB_TYPE_SYMLINK || request->type > ASH_OB_TYPE_KEY)
        return STATUS_INVALID_PARAMETER; /* directories and links have requests of their own */
    struct ob_object *object;
    ash_status status = create(owner, request->type, request->path, &object);
    if (!ash_success(status))
        return status;
    object->cookie = request->cookie;
    object->permanent = request->permanent != 0;
    object->handles = object->permanent ? 0 : 1; /* a temporary object lives by its creator's */
    *id = object->id;
    return STATUS_SUCCESS;
}

ash_status ob_remove(ash_word owner, ash_word id)
{
    struct ob_object *object;
    ash_status status = find_own(owner, id, &object);
    if (!ash_success(status))
        return status;
    if (object == root || object->children != nullptr)
        return STATUS_DIRECTORY_NOT_EMPTY;
    lose_name(object);
    return STATUS_SUCCESS;
}

ash_status ob_symlink(ash_word owner, const char *path, const char *target)
{
    size_t bytes = strlen(target) + 1;
    if (!ob_separator(*target) || bytes > ASH_STRING)
        return STATUS_OBJECT_PATH_INVALID;
    char *copy = malloc(bytes);
    if (copy == nullptr)
        return STATUS_NO_MEMORY;
    memcpy(copy, target, bytes);
    struct ob_object *link;
    ash_status status = create(owner, ASH_OB_TYPE_SYMLINK, path, &link);
    if (!ash_success(status))
        free(copy);
    else
        link->target = copy;
    return status;
}

ash_status ob_unlink(ash_word owner, const char *path)
{
    struct ob_walk walk;
    ash_status status = ob_walk(&walk, path, false);
    if (!ash_success(status))
        return status;
    struct ob_object *link = walk.place.object;
    if (link->type != ASH_OB_TYPE_SYMLINK)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (link->owner != owner)
        return STATUS_ACCESS_DENIED;
    lose_name(link);
    return STATUS_SUCCESS;
}

ash_status ob_make_directory(ash_word owner, const char *path, ash_word *id)
{
    struct ob_object *directory;
    ash_status status = create(owner, ASH_OB_TYPE_DIRECTORY, path, &directory);
    if (ash_success(status))
        *id = directory->id;
    return status;
}

ash_status ob_reference(ash_word owner, ash_word id)
{
    struct ob_object *object;
    ash_status status = find_own(owner, id, &object);
    if (ash_success(status))
        object->handles++;
    return status;
}

ash_status ob_dereference(ash_word owner, ash_word id, ash_word *left)
{
    struct ob_object *object;
    ash_status status = find_own(owner, id, &object);
    if (!ash_success(status))
        return status;
    if (object->handles == 0)
        return STATUS_INVALID_HANDLE;
    *left = --object->handles;
    if (object->handles == 0 && (!object->permanent || object->parent == nullptr))
        lose_name(object);
    return STATUS_SUCCESS;
}

ash_status ob_initialize(void)
{
    static const char *const directories[] = {
        "\\Device",        "\\Driver",   "\\FileSystem",  "\\DosDevices",
        "\\KernelObjects", "\\Callback", "\\ObjectTypes", "\\BaseNamedObjects",
    };
    while (live != nullptr)
        free_object(live);
    ash_status status = new_object(ASH_TASK_OBJECT, ASH_OB_TYPE_DIRECTORY, &root);
    for (size_t i = 0; ash_success(status) && i < sizeof(directories) / sizeof(*directories); i++) {
        ash_word id;
        status = ob_make_directory(ASH_TASK_OBJECT, directories[i], &id);
    }
    return status;
}
