// SPDX-License-Identifier: MIT
// Completion with Tab: commands in the first word, names of files in the others.
#include "complete.h"
#include "ash/file.h"
#include "ash/fileinfo.h"
#include "ash/utf.h"
#include "shell.h"
#include <isocline.h>
#include <string.h>
#include <strings.h>

/* Has the word that is completed begun with a quote? */
static bool in_quotes;

static void commands(ic_completion_env_t *env, const char *prefix)
{
    const struct command *command;
    for (unsigned i = 0; (command = shell_command_at(i)) != nullptr; i++) {
        if (strncmp(command->name, prefix, strlen(prefix)) == 0)
            ic_add_completion(env, command->name);
    }
}

/* Adds what begins with `prefix` of one answer; `head` is what was written before the name. */
static void add_entries(ic_completion_env_t *env, const unsigned char *buffer, size_t bytes,
                        const char *head, size_t head_bytes, const char *prefix)
{
    size_t start = offsetof(struct ash_directory_entry, name);
    for (size_t at = 0; bytes - at >= start;) {
        const struct ash_directory_entry *entry = (const struct ash_directory_entry *)(buffer + at);
        char name[3 * 256], text[ASH_STRING + 3 * 256];
        const char *quote;
        if (entry->name_bytes > bytes - at - start)
            return;
        ash_utf16_to_utf8(entry->name, entry->name_bytes / 2, name, sizeof(name));
        quote = !in_quotes && strpbrk(name, " ;") != nullptr ? "\"" : "";
        snprintf(text, sizeof(text), "%s%.*s%s%s%s", quote, (int)head_bytes, head, name,
                 entry->attributes & ASH_ATTRIBUTE_DIRECTORY ? "\\" : "", quote);
        if (name[0] != '.' && strncasecmp(name, prefix, strlen(prefix)) == 0)
            ic_add_completion(env, text);
        if (entry->next_offset == 0 || entry->next_offset >= bytes - at)
            return;
        at += entry->next_offset;
    }
}

static void files(ic_completion_env_t *env, const char *word)
{
    static alignas(8) unsigned char buffer[4096];
    char head[ASH_STRING], directory[ASH_STRING];
    struct ash_file *file;
    size_t head_bytes = (size_t)(path_name(word) - word), done = 0;
    if (head_bytes >= sizeof(head))
        return;
    memcpy(head, word, head_bytes);
    head[head_bytes] = '\0';
    if (!path_absolute(shell_directory(), head_bytes != 0 ? head : ".", directory) ||
        !ash_success(
            ash_open(directory, ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_DIRECTORY_FILE, &file)))
        return;
    bool first = true;
    while (ash_success(ash_query_directory(file, ASH_FILE_DIRECTORY_INFORMATION, nullptr, first,
                                           buffer, sizeof(buffer), &done)) &&
           done != 0) {
        add_entries(env, buffer, done, head, head_bytes, path_name(word));
        first = false;
    }
    ash_close(file);
}

static bool is_word(const char *text, long length)
{
    return length != 1 || (*text != ' ' && *text != ';');
}

static void complete(ic_completion_env_t *env, const char *input)
{
    const char *start = strrchr(input, ';');
    start = start != nullptr ? start + 1 : input;
    start += strspn(start, " ");
    in_quotes = false;
    for (const char *c = start; *c != '\0'; c++)
        in_quotes ^= *c == '"';
    if (strchr(start, ' ') == nullptr)
        ic_complete_word(env, input, commands, is_word);
    else
        ic_complete_qword_ex(env, input, files, is_word, '\0', "\""); /* \ separates names */
}

void complete_init(void)
{
    ic_set_default_completer(complete, nullptr);
}
