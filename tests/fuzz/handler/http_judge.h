/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_HTTP_JUDGE_H
#define QW_TESTS_FUZZ_HANDLER_HTTP_JUDGE_H

#include "http_input.h"

/* What has to hold after every request [docs/design/handlers.md]; anything else ends the program.
 */
enum { HTTP_JUDGE_EPOCHS_MAX = HTTP_INPUT_REQUESTS_MAX };

struct http_judge_epoch { /* of a group, as its owner was told */
    char group[64];
    uint32_t number;
    bool is_over;
    char members[QW_KEY_GROUP_MEMBERS_MAX + 1][64];
    size_t member_count;
};

struct http_judge {
    struct http_known known;
    struct ledger *ledger;
    struct http_judge_epoch epochs[HTTP_JUDGE_EPOCHS_MAX];
    size_t epoch_count;
    uint64_t keys_drawn; /* from stock, since the input began */
};

/* As it is before a request. */
struct http_judge_view {
    struct qw_centre_status totals;
    struct qw_caller caller;
    bool is_caller;          /* he has a name */
    struct qw_device device; /* the caller's, when is_registered */
    bool is_registered;
    uint64_t left; /* stored_key_count of caller and slave; 0: not known */
};

void http_judge_look(struct http_judge *judge, const struct http_asked *asked,
                     struct http_judge_view *view);
void http_judge_answer(struct http_judge *judge, const struct http_asked *asked,
                       const struct http_judge_view *before, const struct qw_http_answer *answer);

#endif
