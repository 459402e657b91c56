/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of charon handles one message after the other, so what it logs belongs to the message
 * that it parsed last; <name|id> tells the IKE_SA. Messages of many rows are kept by thread,
 * because other threads write between them. */
#include "link/prove/charon_log.h"

#include "base/secret.h"
#include "link/prove/charon_dump.h"
#include "link/prove/charon_line.h"
#include "link/prove/charon_proposal.h"
#include "link/prove/ike_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_INDEX = -1, FIRST_ROOM = 16 };

struct thread {
    struct qw_charon_message message; /* parsed last; an answer: this end began the exchange */
    uint32_t from_id;                 /* the IKE_SA it came under */
    struct qw_charon_dump dump;
    size_t secret_len; /* g^ir that was seen since; 0: none */
    uint8_t secret[QW_IKE_SECRET_MAX];
};

/* What is known of an IKE_SA while the log goes on; beside qw_charon_ike, same index. */
struct talk {
    uint32_t begun_id;   /* the IKE_SA that this end is making out of this one */
    bool is_ppk_derived; /* the next SK_d is the one behind the PPK */
    char chosen_ike[QW_CHARON_NAME_CAP], chosen_child[QW_CHARON_NAME_CAP];
    bool has_child; /* a seed was seen, the SPIs come next */
    struct qw_charon_child child;
};

struct qw_charon_log {
    uint32_t run;
    bool lacks_names;
    struct qw_charon_ike *ikes; /* owned, as the three below */
    struct talk *talks;
    size_t ike_count, ike_room;
    struct qw_charon_child *children;
    size_t child_count, child_room;
    struct thread threads[QW_CHARON_THREADS];
};

qw_err qw_charon_log_new(struct qw_charon_log **out)
{
    struct qw_charon_log *log = calloc(1, sizeof *log);

    if (log == NULL) {
        return QW_ERR_NOMEM;
    }
    *out = log;
    return QW_OK;
}

static void drop_seed(struct qw_charon_child *child)
{
    qw_wipe_free(child->seed, child->seed_len);
    child->seed = NULL;
}

void qw_charon_log_free(struct qw_charon_log *log)
{
    if (log == NULL) {
        return;
    }
    for (size_t i = 0; i < log->ike_count; i++) {
        drop_seed(&log->talks[i].child);
        qw_wipe_free(log->ikes[i].secret, log->ikes[i].secret_len);
    }
    for (size_t i = 0; i < log->child_count; i++) {
        drop_seed(&log->children[i]);
    }
    qw_wipe_free(log->ikes, log->ike_room * sizeof *log->ikes);
    free(log->talks);
    free(log->children);
    qw_wipe_free(log, sizeof *log);
}

/* Room for one more element; the old array is wiped. */
static qw_err grow(void **array, size_t *room, size_t count, size_t size)
{
    size_t more = *room == 0 ? FIRST_ROOM : 2 * *room;
    void *bigger;

    if (count < *room) {
        return QW_OK;
    }
    if (count >= QW_CHARON_SAS_MAX) {
        return QW_ERR_LIMIT;
    }
    bigger = calloc(more, size);
    if (bigger == NULL) {
        return QW_ERR_NOMEM;
    }
    if (*array != NULL) {
        memcpy(bigger, *array, count * size);
    }
    qw_wipe_free(*array, *room * size);
    *array = bigger;
    *room = more;
    return QW_OK;
}

static int find_ike(const struct qw_charon_log *log, uint32_t id)
{
    for (size_t i = log->ike_count; i > 0 && log->ikes[i - 1].run == log->run; i--) {
        if (log->ikes[i - 1].id == id) {
            return (int)(i - 1);
        }
    }
    return NO_INDEX;
}

static qw_err get_ike(struct qw_charon_log *log, uint32_t id, size_t *index)
{
    size_t talk_room = log->ike_room;
    int found = find_ike(log, id);
    qw_err err = QW_OK;

    if (found == NO_INDEX) {
        err = grow((void **)&log->talks, &talk_room, log->ike_count, sizeof *log->talks);
        if (err == QW_OK) {
            err = grow((void **)&log->ikes, &log->ike_room, log->ike_count, sizeof *log->ikes);
        }
        if (err == QW_OK) {
            found = (int)log->ike_count++;
            log->ikes[found].run = log->run;
            log->ikes[found].id = id;
        }
    }
    if (err == QW_OK) {
        *index = (size_t)found;
    }
    return err;
}

static void take_proposal(struct qw_charon_ike *ike, const char *proposal)
{
    snprintf(ike->proposal, sizeof ike->proposal, "%s", proposal);
    ike->has_prf = qw_charon_proposal_prf(proposal, &ike->prf);
    ike->has_suite = qw_charon_proposal_ike(proposal, &ike->suite);
}

/* An IKE_SA that came out of the one at index parent: SK_d is not taken from the log, because it
 * would not depend on the PPK any more; g^ir is. */
static qw_err add_rekeyed(struct qw_charon_log *log, uint32_t id, size_t parent,
                          const struct thread *thread)
{
    size_t index = 0;
    qw_err err = get_ike(log, id, &index);
    struct qw_charon_ike *ike = err == QW_OK ? &log->ikes[index] : NULL;

    if (err != QW_OK || index <= parent || ike->is_known) {
        return err;
    }
    if (thread->secret_len > 0) {
        ike->secret = malloc(thread->secret_len);
        if (ike->secret == NULL) {
            return QW_ERR_NOMEM;
        }
        memcpy(ike->secret, thread->secret, thread->secret_len);
        ike->secret_len = thread->secret_len;
    }
    ike->is_known = true;
    ike->is_rekeyed = true;
    ike->is_initiator = thread->message.is_response;
    ike->parent = parent;
    ike->message_id = thread->message.id;
    memcpy(ike->ppk_id, log->ikes[parent].ppk_id, sizeof ike->ppk_id);
    take_proposal(ike, log->talks[parent].chosen_ike);
    return QW_OK;
}

/* SK_d of the IKE_SA id was logged by this thread. */
static qw_err take_sk_d(struct qw_charon_log *log, const struct thread *thread, uint32_t id)
{
    size_t index = 0;
    int parent = thread->message.is_create ? find_ike(log, thread->from_id) : NO_INDEX;
    qw_err err;

    if (parent != NO_INDEX) { /* begun here: logged under the old one; begun there: the new one */
        uint32_t new_id = thread->message.is_response ? log->talks[parent].begun_id : id;

        return new_id == 0 ? QW_OK : add_rekeyed(log, new_id, (size_t)parent, thread);
    }
    err = get_ike(log, id, &index);
    if (err == QW_OK && !log->ikes[index].is_known && !log->talks[index].is_ppk_derived) {
        struct qw_charon_ike *ike = &log->ikes[index];

        ike->is_known = true;
        ike->is_initiator = thread->message.is_response;
        memcpy(ike->sk_d, thread->dump.bytes, thread->dump.len);
        ike->sk_d_len = thread->dump.len;
        take_proposal(ike, log->talks[index].chosen_ike);
    }
    return err;
}

/* A key of the messages of an IKE_SA that was not rekeyed. */
static void take_message_key(struct qw_charon_log *log, const struct thread *thread, uint32_t id)
{
    const struct qw_charon_dump *dump = &thread->dump;
    bool is_encryption = dump->kind == QW_CHARON_SK_EI || dump->kind == QW_CHARON_SK_ER;
    size_t side = dump->kind == QW_CHARON_SK_EI || dump->kind == QW_CHARON_SK_AI ? 0 : 1;
    int index = thread->message.is_create ? NO_INDEX : find_ike(log, id);
    struct qw_charon_ike *ike = index == NO_INDEX ? NULL : &log->ikes[index];
    size_t *len;

    if (ike == NULL || !ike->is_known || ike->is_rekeyed) {
        return;
    }
    len = is_encryption ? &ike->encryption_len[side] : &ike->integrity_len[side];
    if (*len == 0) {
        *len = dump->len;
        memcpy(is_encryption ? ike->keys[side].encryption : ike->keys[side].integrity, dump->bytes,
               dump->len);
    }
}

static qw_err take_seed(struct qw_charon_log *log, const struct thread *thread, uint32_t id)
{
    const struct qw_charon_dump *dump = &thread->dump;
    size_t index = 0;
    qw_err err = get_ike(log, id, &index);
    struct talk *talk = err == QW_OK ? &log->talks[index] : NULL;
    uint8_t *seed = err == QW_OK ? malloc(dump->len) : NULL;

    if (err != QW_OK || seed == NULL) {
        return err == QW_OK ? QW_ERR_NOMEM : err;
    }
    drop_seed(&talk->child);
    talk->has_child = true;
    talk->child = (struct qw_charon_child){ .ike = index,
                                            .is_initiator = thread->message.is_response,
                                            .seed_len = dump->len,
                                            .seed = seed };
    memcpy(seed, dump->bytes, dump->len);
    memcpy(talk->child.proposal, talk->chosen_child, sizeof talk->child.proposal);
    talk->child.has_suite = qw_charon_proposal_esp(talk->chosen_child, &talk->child.suite);
    return QW_OK;
}

/* A row of a dump, or its end by something else. */
static qw_err take_row(struct qw_charon_log *log, const struct qw_charon_line *line)
{
    struct thread *thread = &log->threads[line->thread];
    qw_err err = QW_OK;

    if (!qw_charon_dump_add(&thread->dump, line->text)) {
        return QW_OK;
    }
    switch (thread->dump.kind) {
    case QW_CHARON_SECRET:
        memcpy(thread->secret, thread->dump.bytes, thread->dump.len);
        thread->secret_len = thread->dump.len;
        break;
    case QW_CHARON_SK_D:
        err = take_sk_d(log, thread, line->ike);
        break;
    case QW_CHARON_SEED:
        err = take_seed(log, thread, line->ike);
        break;
    default:
        take_message_key(log, thread, line->ike);
        break;
    }
    qw_charon_dump_close(&thread->dump);
    return err;
}

/* "[inbound ]CHILD_SA c{1} established with SPIs 95691bbe_i a3f63e16_o and TS ..." */
static qw_err take_spis(struct qw_charon_log *log, size_t index, const char *text)
{
    struct talk *talk = &log->talks[index];
    struct qw_charon_child *child = &talk->child;
    qw_err err;

    if (!talk->has_child || !qw_charon_spis(text, &child->spi_in, &child->spi_out)) {
        return QW_OK;
    }
    err = grow((void **)&log->children, &log->child_room, log->child_count, sizeof *log->children);
    if (err == QW_OK) {
        log->children[log->child_count++] = *child;
        talk->has_child = false;
        *child = (struct qw_charon_child){ 0 }; /* the seed is the list's now */
    }
    return err;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What is said about an IKE_SA in one line. */
static qw_err take_statement(struct qw_charon_log *log, const struct qw_charon_line *line)
{
    static const char ppk_for[] = "using PPK for PPK_ID '";
    const char *text = line->text;
    size_t index = 0;
    struct talk *talk;
    qw_err err = get_ike(log, line->ike, &index);

    if (err != QW_OK) {
        return err;
    }
    talk = &log->talks[index];
    if (begins(text,
               "received packet: ")) { /* keys for its contents may be made before it is read */
        log->threads[line->thread] = (struct thread){ 0 };
    } else if (begins(text, "parsed ")) {
        struct thread *thread = &log->threads[line->thread];

        if (qw_charon_message_parse(text, &thread->message)) {
            thread->from_id = line->ike;
        }
    } else if (begins(text, "selected proposal: IKE:")) {
        snprintf(talk->chosen_ike, sizeof talk->chosen_ike, "%s", text + 19);
    } else if (begins(text, "selected proposal: ")) {
        snprintf(talk->chosen_child, sizeof talk->chosen_child, "%s", text + 19);
    } else if (begins(text, "initiating IKE_SA ")) {
        (void)qw_charon_number_between(text, '[', ']', &talk->begun_id);
    } else if (begins(text, "derive keys using PPK")) {
        talk->is_ppk_derived = true;
    } else if (begins(text, ppk_for)) {
        const char *id = text + sizeof ppk_for - 1;

        snprintf(log->ikes[index].ppk_id, QW_CHARON_NAME_CAP, "%.*s", (int)strcspn(id, "'"), id);
    } else if (strstr(text, "CHILD_SA ") != NULL && strstr(text, " established with SPIs ")) {
        err = take_spis(log, index, text);
    }
    return err;
}

/* A new start of the daemon, whose ids begin anew. charon-systemd says that it starts before it has
 * a log file; what it loads, both say. */
static bool is_start(const struct qw_charon_line *line)
{
    return (strcmp(line->group, "DMN") == 0 &&
            (begins(line->text, "Starting ") || begins(line->text, "starting "))) ||
           (strcmp(line->group, "LIB") == 0 && begins(line->text, "loaded plugins: "));
}

qw_err qw_charon_log_line(struct qw_charon_log *log, const char *text)
{
    struct qw_charon_line line;
    struct thread *thread;

    if (!qw_charon_line_parse(text, &line)) {
        return QW_OK;
    }
    thread = &log->threads[line.thread];
    if (is_start(&line)) {
        log->run++;
        memset(log->threads, 0, sizeof log->threads);
        return QW_OK;
    }
    if (qw_charon_dump_open(&thread->dump, line.text)) {
        log->lacks_names = log->lacks_names || !line.has_ike;
        if (!line.has_ike) {
            qw_charon_dump_close(&thread->dump);
        }
        return QW_OK;
    }
    if (thread->dump.kind != QW_CHARON_NONE) {
        return take_row(log, &line);
    }
    return line.has_ike ? take_statement(log, &line) : QW_OK;
}

const struct qw_charon_ike *qw_charon_log_ikes(const struct qw_charon_log *log, size_t *count)
{
    *count = log->ike_count;
    return log->ikes;
}

const struct qw_charon_child *qw_charon_log_children(const struct qw_charon_log *log, size_t *count)
{
    *count = log->child_count;
    return log->children;
}

bool qw_charon_log_has_rekeyed(const struct qw_charon_log *log)
{
    for (size_t i = 0; i < log->ike_count; i++) {
        if (log->ikes[i].is_rekeyed) {
            return true;
        }
    }
    return false;
}

bool qw_charon_log_lacks_names(const struct qw_charon_log *log)
{
    return log->lacks_names;
}
