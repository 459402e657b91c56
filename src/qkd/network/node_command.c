/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/node_command.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    size_t numbers;
} verbs[QW_NODE_VERBS] = {
    [QW_NODE_DELIVER] = { "deliver", 3 }, [QW_NODE_HOLD] = { "hold", 0 },
    [QW_NODE_CUT] = { "cut", 1 },         [QW_NODE_MEND] = { "mend", 1 },
    [QW_NODE_LINKS] = { "links", 0 },     [QW_NODE_UNDER_WAY] = { "under-way", 0 },
    [QW_NODE_STATUS] = { "status", 0 },   [QW_NODE_HEAD] = { "head", 0 },
    [QW_NODE_END] = { "end", 0 },
};

static const char *const classes[QW_NODE_CLASSES] = {
    [QW_NODE_GOLD] = "gold", [QW_NODE_SILVER] = "silver", [QW_NODE_BRONZE] = "bronze"
};
#define TWO_PATHS " two-paths"

const char *qw_node_class_text(enum qw_node_class class)
{
    qw_assert((unsigned)class < QW_NODE_CLASSES);
    return classes[class];
}

bool qw_node_class_of(const char *text, enum qw_node_class *class)
{
    for (size_t i = 0; i < QW_NODE_CLASSES; i++) {
        if (strcmp(text, classes[i]) == 0) {
            *class = (enum qw_node_class)i;
            return true;
        }
    }
    return false;
}

/* What an order may say behind its numbers. */
static size_t write_manner(const struct qw_node_command *command, char *out, size_t cap)
{
    return (size_t)snprintf(out, cap, "%s%s%s", command->class == QW_NODE_GOLD ? "" : " ",
                            command->class == QW_NODE_GOLD ? "" : classes[command->class],
                            command->is_two ? TWO_PATHS : "");
}

size_t qw_node_command_encode(const struct qw_node_command *command,
                              char line[static QW_NODE_LINE_MAX + 1])
{
    const uint32_t number[QW_NODE_NUMBERS_MAX] = { command->node, command->keys,
                                                   command->per_second };
    size_t len;

    qw_assert((unsigned)command->verb < QW_NODE_VERBS);
    len = (size_t)snprintf(line, QW_NODE_LINE_MAX + 1, "%s", verbs[command->verb].word);
    for (size_t i = 0; i < verbs[command->verb].numbers; i++) {
        len += (size_t)snprintf(line + len, QW_NODE_LINE_MAX + 1 - len, " %u", number[i]);
    }
    if (command->verb == QW_NODE_DELIVER) {
        len += write_manner(command, line + len, QW_NODE_LINE_MAX + 1 - len);
    }
    return len;
}

/* True: the word stands there; moves on. */
static bool take_word(const char **at, const char *end, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(end - *at) < len || strncmp(*at, word, len) != 0) {
        return false;
    }
    *at += len;
    return true;
}

/* Gold is what is not said, so that a request is written in one way only. */
static void read_manner(const char **at, const char *end, struct qw_node_command *out)
{
    if (take_word(at, end, " silver")) {
        out->class = QW_NODE_SILVER;
    } else if (take_word(at, end, " bronze")) {
        out->class = QW_NODE_BRONZE;
    }
    out->is_two = take_word(at, end, TWO_PATHS);
}

/* A space and a number; moves on. */
static bool read_number(const char **at, const char *end, uint64_t max, uint32_t *number)
{
    const char *c = *at;
    uint64_t value = 0;

    if (end - c < 2 || *c++ != ' ' || (*c == '0' && c + 1 < end && c[1] != ' ')) {
        return false;
    }
    if (*c < '0' || *c > '9') {
        return false;
    }
    for (; c < end && *c >= '0' && *c <= '9'; c++) {
        value = 10 * value + (uint64_t)(*c - '0');
        if (value > max) {
            return false;
        }
    }
    *at = c;
    *number = (uint32_t)value;
    return true;
}

static bool find_verb(const char *line, size_t len, enum qw_node_verb *verb)
{
    for (size_t i = 0; i < QW_NODE_VERBS; i++) {
        size_t word_len = strlen(verbs[i].word);

        if (len >= word_len && strncmp(line, verbs[i].word, word_len) == 0 &&
            (len == word_len || line[word_len] == ' ')) {
            *verb = (enum qw_node_verb)i;
            return true;
        }
    }
    return false;
}

qw_err qw_node_command_decode(const char *line, size_t len, struct qw_node_command *out)
{
    static const uint64_t max[QW_NODE_NUMBERS_MAX] = { UINT32_MAX, QW_NODE_ORDER_KEYS_MAX,
                                                       QW_NODE_RATE_MAX };
    uint32_t number[QW_NODE_NUMBERS_MAX] = { 0 };
    struct qw_node_command command;
    enum qw_node_verb verb;
    const char *at;

    if (len > QW_NODE_LINE_MAX || !find_verb(line, len, &verb)) {
        return QW_ERR_FORMAT;
    }
    at = line + strlen(verbs[verb].word);
    for (size_t i = 0; i < verbs[verb].numbers; i++) {
        if (!read_number(&at, line + len, max[i], &number[i])) {
            return QW_ERR_FORMAT;
        }
    }
    command = (struct qw_node_command){
        .verb = verb, .node = number[0], .keys = number[1], .per_second = number[2]
    };
    if (verb == QW_NODE_DELIVER) {
        read_manner(&at, line + len, &command);
    }
    if (at != line + len || (verb == QW_NODE_DELIVER && number[1] == 0)) {
        return QW_ERR_FORMAT;
    }
    *out = command;
    return QW_OK;
}
