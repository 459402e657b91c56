/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_LINK_LINK_PAIR_H
#define QW_TESTS_UNIT_LINK_LINK_PAIR_H

/* Two associations in one process, a key server between them and a sink at each end that only
 * remembers. What the test wants to go wrong is counted: the n-th contact of an agent with what
 * is outside it is where that agent dies. */
#include "link/association.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tunnel_end { /* what a daemon would hold: survives its agent */
    uint8_t send[QW_LINK_KEY_LEN];
    uint8_t accept[2][QW_LINK_KEY_LEN]; /* all zero: none */
    bool is_blocked;
    bool is_well;
    bool is_undone; /* by another hand */
    qw_err fails;   /* what the next verbs of the sink give */
    const char *why;
    qw_err probe_fails;
    uint64_t bytes;
};

struct agent {
    struct pair *pair;
    enum qw_link_role role;
    char path[128]; /* of its record */
    struct tunnel_end end;
    struct qw_link_association *association; /* NULL: dead */
    bool is_dying;
};

struct pair {
    char folder[64];
    struct agent agents[2];
    struct qw_link_config config;
    int64_t now_ms;
    int countdown;           /* contacts until somebody dies; 0: nobody does */
    enum qw_link_role who;   /* dies */
    bool is_cut;             /* the control channel */
    qw_err cut_err;          /* how that shows; QW_OK: closed */
    qw_err no_key, no_by_id; /* what the key server says */
    bool is_repeating, is_lying;
    bool gives_zeros[2]; /* to the agent of that role */
    bool stays_dead;     /* who has died */
    uint8_t serial;      /* of the last key */
};

static const uint8_t pair_vault_key[QW_LINK_VAULT_KEY_LEN] = { 7 };

/* True when the agent ends here; then nothing more of it reaches the world. */
static inline bool dies(struct agent *agent)
{
    struct pair *pair = agent->pair;

    if (!agent->is_dying && pair->countdown > 0 && agent->role == pair->who &&
        --pair->countdown == 0) {
        agent->is_dying = true;
    }
    return agent->is_dying;
}

static inline void pair_key(const struct agent *agent, const uint8_t id[static 16],
                            struct qw_link_key *key)
{
    memcpy(key->id, id, 16);
    memset(key->bytes, agent->pair->gives_zeros[agent->role] ? 0 : 0x40 + id[0], sizeof key->bytes);
}

static inline qw_err pair_fresh(void *self, const char *peer, struct qw_link_key *key)
{
    struct agent *agent = self;
    struct pair *pair = agent->pair;
    uint8_t id[16] = { 0 };

    (void)peer;
    if (dies(agent)) {
        return QW_ERR_CLOSED;
    }
    if (pair->no_key != QW_OK) {
        return pair->no_key;
    }
    pair->serial = (uint8_t)(pair->is_repeating ? pair->serial : pair->serial + 1);
    id[0] = pair->serial;
    pair_key(agent, id, key);
    return QW_OK;
}

static inline qw_err pair_by_id(void *self, const char *peer, struct qw_link_key *key)
{
    struct agent *agent = self;
    uint8_t id[16];

    (void)peer;
    if (dies(agent)) {
        return QW_ERR_CLOSED;
    }
    if (agent->pair->no_by_id != QW_OK) {
        return agent->pair->no_by_id;
    }
    memcpy(id, key->id, sizeof id);
    pair_key(agent, id, key);
    key->bytes[31] ^= agent->pair->is_lying ? 1 : 0;
    return QW_OK;
}

static inline qw_err end_set(struct agent *agent, const struct qw_link_key *send,
                             const struct qw_link_key *first, const struct qw_link_key *second)
{
    struct tunnel_end *end = &agent->end;

    if (dies(agent)) {
        return QW_ERR_CLOSED;
    }
    if (end->fails != QW_OK) {
        return end->fails;
    }
    memset(end->accept, 0, sizeof end->accept);
    end->is_blocked = send == NULL;
    if (send != NULL) {
        memcpy(end->send, send->bytes, QW_LINK_KEY_LEN);
    } else {
        memset(end->send, 0, QW_LINK_KEY_LEN);
    }
    if (first != NULL) {
        memcpy(end->accept[0], first->bytes, QW_LINK_KEY_LEN);
    }
    if (second != NULL) {
        memcpy(end->accept[1], second->bytes, QW_LINK_KEY_LEN);
    }
    return dies(agent) ? QW_ERR_CLOSED : QW_OK; /* done, and nobody learns it */
}

static inline qw_err end_prepare(void *self, const struct qw_link_key *current,
                                 const struct qw_link_key *next)
{
    return end_set(self, current, current, next);
}

static inline qw_err end_promote(void *self, const struct qw_link_key *next,
                                 const struct qw_link_key *last)
{
    ((struct agent *)self)->end.bytes = 0;
    return end_set(self, next, next, last);
}

static inline qw_err end_settle(void *self, const struct qw_link_key *current)
{
    return end_set(self, current, current, NULL);
}

static inline qw_err end_block(void *self)
{
    return end_set(self, NULL, NULL, NULL);
}

static inline qw_err end_probe(void *self, const struct qw_link_key *next)
{
    struct agent *agent = self;

    (void)next;
    return dies(agent) ? QW_ERR_CLOSED : agent->end.probe_fails;
}

static inline qw_err end_keep(void *self)
{
    struct agent *agent = self;
    bool was_undone = agent->end.is_undone;

    if (dies(agent)) {
        return QW_ERR_CLOSED;
    }
    agent->end.is_undone = agent->end.is_undone && agent->end.fails != QW_OK;
    return agent->end.fails != QW_OK ? agent->end.fails : was_undone ? QW_ERR_CONFLICT : QW_OK;
}

static inline uint64_t end_bytes(void *self)
{
    return ((struct agent *)self)->end.bytes;
}

static inline bool end_is_well(void *self)
{
    return ((struct agent *)self)->end.is_well;
}

static inline const char *end_why(void *self, qw_err err)
{
    const struct agent *agent = self;

    return err == agent->end.fails ? agent->end.why : NULL;
}

static inline void end_close(void *self)
{
    (void)self;
}

static inline void agent_kill(struct agent *agent)
{
    qw_link_association_free(agent->association);
    agent->association = NULL;
    agent->is_dying = false;
}

/* The message goes through the wire's encoding, as in life. */
static inline qw_err pair_ask(void *self, const struct qw_link_request *request,
                              struct qw_link_answer *answer)
{
    struct agent *agent = self;
    struct agent *other = &agent->pair->agents[QW_LINK_RESPONDER];
    struct qw_link_request heard;
    char text[QW_LINK_MESSAGE_CAP];

    if (dies(agent) || agent->pair->is_cut || other->association == NULL) {
        return agent->pair->is_cut && agent->pair->cut_err != QW_OK ? agent->pair->cut_err
                                                                    : QW_ERR_CLOSED;
    }
    qw_link_request_encode(request, text);
    assert_int_equal(qw_link_request_decode(text, strlen(text), &heard), QW_OK);
    qw_link_association_answer(other->association, &heard, agent->pair->now_ms, answer);
    qw_link_answer_encode(answer, text);
    assert_int_equal(qw_link_answer_decode(text, strlen(text), answer), QW_OK);
    if (other->is_dying || dies(other)) {
        agent_kill(other);
        return QW_ERR_CLOSED;
    }
    return dies(agent) ? QW_ERR_CLOSED : QW_OK;
}

static inline qw_err agent_start(struct pair *pair, enum qw_link_role role)
{
    struct agent *agent = &pair->agents[role];
    struct qw_link_config config = pair->config;

    config.role = role;
    config.record_path = agent->path;
    config.utc_ms = 1000000000 + pair->now_ms;
    config.peer_agent = (struct qw_link_peer){ agent, pair_ask };
    config.keys = (struct qw_link_keys){ agent, pair_fresh, pair_by_id };
    config.sink = (struct qw_key_sink){ "test",      agent,       end_prepare, end_probe,
                                        end_promote, end_settle,  end_block,   end_keep,
                                        end_bytes,   end_is_well, end_why,     end_close };
    return qw_link_association_new(&config, pair->now_ms, &agent->association);
}

static inline void pair_init(struct pair *pair)
{
    *pair = (struct pair){ .folder = "/tmp/qwave-link-XXXXXX", .now_ms = 1000 };
    assert_non_null(mkdtemp(pair->folder));
    pair->config = (struct qw_link_config){ .link = "main",
                                            .peer = "other",
                                            .name = "other/main",
                                            .vault_key = pair_vault_key,
                                            .rekey_ms = 290000, /* the first after 29 s at least */
                                            .hard_ms = 300000,
                                            .jitter = 0.1,
                                            .heartbeat_ms = 1000,
                                            .drain_ms = 500,
                                            .retry_ms = 100 };
    for (int role = 0; role < 2; role++) {
        struct agent *agent = &pair->agents[role];

        agent->pair = pair;
        agent->role = (enum qw_link_role)role;
        agent->end.is_well = true;
        agent->end.is_blocked = true;
        memcpy(agent->path, pair->folder, strlen(pair->folder));
        memcpy(agent->path + strlen(pair->folder), role == 0 ? "/i" : "/r", sizeof "/i");
    }
}

static inline void pair_done(struct pair *pair)
{
    for (int role = 0; role < 2; role++) {
        agent_kill(&pair->agents[role]);
        (void)unlink(pair->agents[role].path);
    }
    assert_int_equal(rmdir(pair->folder), 0); /* and nothing else was left in it */
}

static inline bool accepts(const struct tunnel_end *end, const uint8_t key[static QW_LINK_KEY_LEN])
{
    return memcmp(end->accept[0], key, QW_LINK_KEY_LEN) == 0 ||
           memcmp(end->accept[1], key, QW_LINK_KEY_LEN) == 0;
}

/* S5: whatever one end sends the other accepts. */
static inline bool traffic_passes(const struct pair *pair)
{
    const struct tunnel_end *i = &pair->agents[0].end, *r = &pair->agents[1].end;

    return !i->is_blocked && !r->is_blocked && accepts(r, i->send) && accepts(i, r->send);
}

static inline struct qw_link_status agent_status(const struct pair *pair, enum qw_link_role role)
{
    struct qw_link_status status;

    qw_link_association_status(pair->agents[role].association, pair->now_ms, &status);
    return status;
}

/* Runs the agents for so long; the dead are started again. */
static inline void pair_run(struct pair *pair, int64_t for_ms, bool must_pass)
{
    int64_t until_ms = pair->now_ms + for_ms;
    int64_t next_ms[2] = { 0, 0 };

    for (; pair->now_ms < until_ms; pair->now_ms += 10) {
        for (int role = 0; role < 2; role++) {
            struct agent *agent = &pair->agents[role];

            for (int calls = 0; agent->association != NULL && next_ms[role] <= pair->now_ms;
                 calls++) {
                assert_true(calls < 20); /* an agent that never rests */
                next_ms[role] = qw_link_association_step(agent->association, pair->now_ms);
                if (agent->is_dying) {
                    agent_kill(agent);
                }
                if (must_pass) {
                    assert_true(traffic_passes(pair));
                }
            }
            if (agent->association == NULL && !pair->stays_dead) {
                assert_int_equal(agent_start(pair, (enum qw_link_role)role), QW_OK);
                next_ms[role] = 0;
            }
            if (must_pass) {
                assert_true(traffic_passes(pair));
            }
        }
    }
}

#endif
