/* SPDX-License-Identifier: Apache-2.0 */
#include "http_groups.h"

#include "http_form.h"

#include <stdlib.h>
#include <string.h>

static struct http_judge_epoch *find(struct http_judge *judge, const char *group, uint32_t number)
{
    for (size_t i = 0; i < judge->epoch_count; i++) {
        struct http_judge_epoch *epoch = &judge->epochs[i];

        if (epoch->number == number && strcmp(epoch->group, group) == 0) {
            return epoch;
        }
    }
    return NULL;
}

static void add_member(struct http_judge_epoch *epoch, const char *name)
{
    qw_assert(epoch->member_count < sizeof epoch->members / sizeof epoch->members[0]);
    (void)snprintf(epoch->members[epoch->member_count++], sizeof epoch->members[0], "%s", name);
}

/* The owner was told of a new epoch. */
static void note_epoch(struct http_judge *judge, const struct http_judge_view *before,
                       const cJSON *body)
{
    struct http_judge_epoch *epoch = &judge->epochs[judge->epoch_count];
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(body, "epoch");
    const cJSON *members = cJSON_GetObjectItemCaseSensitive(body, "members");

    qw_assert(cJSON_IsNumber(number) && cJSON_IsArray(members));
    qw_assert(judge->epoch_count < HTTP_JUDGE_EPOCHS_MAX);
    *epoch = (struct http_judge_epoch){ .number = (uint32_t)number->valuedouble };
    (void)snprintf(epoch->group, sizeof epoch->group, "%s", http_form_text(body, "name"));
    qw_assert(find(judge, epoch->group, epoch->number) == NULL);
    qw_assert(strcmp(http_form_text(body, "owner"), before->caller.id) == 0);
    add_member(epoch, before->caller.id);
    for (const cJSON *member = members->child; member != NULL; member = member->next) {
        qw_assert(cJSON_IsString(member));
        add_member(epoch, member->valuestring);
    }
    judge->epoch_count++;
}

static void note_end(struct http_judge *judge, const char *group)
{
    for (size_t i = 0; i < judge->epoch_count; i++) {
        judge->epochs[i].is_over =
            judge->epochs[i].is_over || strcmp(judge->epochs[i].group, group) == 0;
    }
}

static void check_member(const struct http_judge_epoch *epoch, const char *name)
{
    bool is_member = false;

    for (size_t i = 0; i < epoch->member_count; i++) {
        is_member = is_member || strcmp(epoch->members[i], name) == 0;
    }
    qw_assert(is_member);
}

static void judge_key(struct http_judge *judge, const struct http_judge_view *before,
                      const char *group, const char *number, const cJSON *body)
{
    struct http_judge_epoch *epoch = find(judge, group, (uint32_t)strtoul(number, NULL, 10));
    const struct ledger_key *known;
    struct ledger_key key;

    qw_assert(epoch != NULL && !epoch->is_over);
    check_member(epoch, before->caller.id);
    qw_assert(site_serves(judge->known.site, before->caller.id));
    http_form_key(body, false, &key);
    (void)snprintf(key.master, sizeof key.master, "%.50s %u", group, epoch->number);
    key.is_shared = true;
    known = ledger_find(judge->ledger, key.id);
    if (known == NULL) {
        ledger_issue(judge->ledger, &key);
    } else {
        qw_assert(known->is_shared && strcmp(known->master, key.master) == 0);
        qw_assert(known->len == key.len && memcmp(known->bytes, key.bytes, key.len) == 0);
    }
    ledger_check_leaks(judge->known.site, &key);
}

void http_groups_judge(struct http_judge *judge, const struct http_asked *asked,
                       const struct http_judge_view *before, const cJSON *body)
{
    char parameter[2][64];

    if (http_form_is(asked, "POST", "/v1/groups", parameter) ||
        http_form_is(asked, "POST", "/v1/groups/{}/change", parameter)) {
        note_epoch(judge, before, body);
    } else if (http_form_is(asked, "POST", "/v1/groups/{}/end", parameter)) {
        note_end(judge, parameter[0]);
    } else if (http_form_is(asked, "GET", "/v1/groups/{}/keys/{}", parameter)) {
        judge_key(judge, before, parameter[0], parameter[1], body);
    }
}
