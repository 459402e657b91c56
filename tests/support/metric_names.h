/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_METRIC_NAMES_H
#define QW_TESTS_SUPPORT_METRIC_NAMES_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the rules and dashboards of share/ ask for is what a program says, and what it says is in
 * the table of docs/operation/monitoring.md. Include after cmocka.h in the one file of a test
 * program. A program is known by how its metrics begin; "qwave_" alone is the centre's. */
enum { METRIC_NAME_CAP = 96, METRIC_LABELS_CAP = 512 };

static inline bool metric_is_of(const char *name, const char *program)
{
    bool is_other = strncmp(name, "qwave_node_", 11) == 0 || strncmp(name, "qwave_link_", 11) == 0;

    return strncmp(name, program, strlen(program)) == 0 &&
           (!is_other || strcmp(program, "qwave_") != 0);
}

/* A whole file, with what JSON escapes undone; the caller frees. */
static inline char *metric_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(1 << 20);
    size_t len = 0;
    int c;

    assert_non_null(file);
    assert_non_null(text);
    while ((c = getc(file)) != EOF && len < (1 << 20) - 1) {
        if (c != '\\') {
            text[len++] = (char)c;
        }
    }
    text[len] = '\0';
    fclose(file);
    return text;
}

static inline size_t metric_word(const char *at, char *word)
{
    size_t len = 0;

    while ((isalnum((unsigned char)at[len]) || at[len] == '_') && len < METRIC_NAME_CAP - 1) {
        word[len] = at[len];
        len++;
    }
    word[len] = '\0';
    return len;
}

/* Whether page has a sample of this name; label and value may be NULL: of any. */
static inline bool metric_has(const char *page, const char *name, const char *label,
                              const char *value)
{
    char begin[METRIC_NAME_CAP + 2], wanted[METRIC_LABELS_CAP];

    snprintf(begin, sizeof begin, "\n%s", name);
    snprintf(wanted, sizeof wanted, "%s=\"%s%s", label == NULL ? "" : label,
             value == NULL ? "" : value, value == NULL ? "" : "\"");
    for (const char *at = strstr(page, begin); at != NULL; at = strstr(at + 1, begin)) {
        const char *behind = at + strlen(begin);
        const char *end = strchr(behind, '\n');
        const char *found = label == NULL ? behind : strstr(behind, wanted);

        if ((*behind == '{' || *behind == ' ') && found != NULL && (end == NULL || found < end)) {
            return true;
        }
    }
    return false;
}

/* The labels behind a name, {a="b",c!="d"}: each is one of that metric's, and a value that is asked
 * for as such is one it takes. What Prometheus adds, variables, and statuses are left out. */
static inline void metric_check_labels(const char *path, const char *page, const char *name,
                                       const char *at)
{
    while (*at != '\0' && *at != '}') {
        char label[METRIC_NAME_CAP], value[METRIC_NAME_CAP];
        size_t len = metric_word(++at, label);
        bool is_equal = strncmp(at + len, "=\"", 2) == 0;
        const char *quote = strchr(at, '"');

        if (len == 0 || quote == NULL) {
            fail_msg("%s: labels of %s", path, name);
            return;
        }
        at = quote + 1 + metric_word(quote + 1, value);
        at = strchr(at, '"') + 1;
        if (strcmp(label, "instance") != 0 && strcmp(label, "job") != 0 &&
            !metric_has(page, name, label,
                        is_equal && quote[1] != '$' && strcmp(label, "status") != 0 ? value
                                                                                    : NULL)) {
            fail_msg("%s asks for %s{%s=\"%s\"}", path, name, label, value);
        }
    }
}

/* page begins with a line feed. least: so many names of this program, each time it is named. */
static inline void assert_asked_is_there(const char *path, const char *program, const char *page,
                                         int least)
{
    char *text = metric_file(path);
    int found = 0;

    for (const char *at = text; *at != '\0';) {
        char name[METRIC_NAME_CAP];
        size_t len = metric_word(at, name);

        if (len > 0 && metric_is_of(name, program) && strcmp(name, program) != 0) {
            if (!metric_has(page, name, NULL, NULL)) {
                fail_msg("%s asks for %s", path, name);
            }
            if (at[len] == '{') {
                metric_check_labels(path, page, name, at + len);
            }
            found++;
        }
        at += len > 0 ? len : 1;
    }
    free(text);
    assert_true(found >= least);
}

static inline void assert_said_is_described(const char *path, const char *page)
{
    char *text = metric_file(path);

    for (const char *at = strstr(page, "\n# TYPE "); at != NULL; at = strstr(at + 1, "\n# TYPE ")) {
        char name[METRIC_NAME_CAP];
        char quoted[METRIC_NAME_CAP + 2];

        (void)metric_word(at + strlen("\n# TYPE "), name);
        snprintf(quoted, sizeof quoted, "`%s`", name);
        if (strstr(text, quoted) == NULL) {
            fail_msg("%s does not describe %s", path, name);
        }
    }
    free(text);
}

#endif
