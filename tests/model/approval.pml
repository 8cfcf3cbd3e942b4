/*
 * How an approval is consumed, as an idea: calls that look for a grant, ask, wait and look again; people who decide,
 * twice at once; time that ends; somebody who revokes; runners that die, and answers that are lost. One step is one
 * transaction of the store. tests/unit/server/approval_interleaving_test.cpp takes the program's own code through the
 * same orders.
 *
 * CALLS    how many; with 3 there are some 10 million states
 * SCOPE    0: once, 1: run, 2: window
 * MUTANT   a mistake that has to be found; 0: none
 */
#ifndef SCOPE
#define SCOPE 0
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

#ifndef CALLS
#define CALLS 2      /* the last one is of another run, which dies */
#endif
#define GRANTS 2     /* as many approvals as are given */
#define NOBODY 255
#define ONCE (SCOPE == 0)

mtype = { no_request, pending, approved, rejected, expired };
mtype = { no_grant, usable, consumed, revoked, closed };
mtype = { looking, asking, waiting, passed, refused, dead };

mtype request = no_request;     /* of the one action that all calls are about */
byte asked = 0;                 /* its number: a new one after each decision */
mtype outcome[GRANTS + 2];      /* of requests that are over, by number */
mtype grant[GRANTS];
byte granted_run[GRANTS];       /* which run asked first */
byte asker = NOBODY;            /* the run that asked for the pending request */
byte user[GRANTS];              /* by which use a grant was consumed */
byte grants = 0;
byte through[GRANTS];           /* calls that it let through */
mtype call[CALLS];
byte lost = 0;                  /* answers so far */
byte promised = 0;              /* approvals that somebody was told of */

#define RUN_OF(me) (me == CALLS - 1)
#define COVERS(g, me) (grant[g] == usable && (SCOPE != 1 || granted_run[g] == RUN_OF(me)))

/* use_grant looks first, without a lock */
inline look() {
  atomic {
    found = NOBODY; i = 0;
    do
    :: i < grants && (COVERS(i, me) || (ONCE && grant[i] == consumed && user[i] == me)) -> found = i; break
    :: i < grants && !(COVERS(i, me) || (ONCE && grant[i] == consumed && user[i] == me)) -> i++
    :: i >= grants -> break
    od;
    /* What stays is let through by the look itself. */
    if
    :: !ONCE && found != NOBODY -> assert(grant[found] == usable); through[found]++
    :: else
    fi; i = 0
  }
}

/* and what is for one time is then consumed in a transaction that looks again */
inline consume() {
  atomic {
#if MUTANT == 1
    /* without looking again */
    grant[found] = consumed; user[found] = me; through[found]++
#else
    if
#if MUTANT != 2
    :: grant[found] == consumed && user[found] == me
#endif
    :: grant[found] == usable -> grant[found] = consumed; user[found] = me; through[found]++
#if MUTANT == 2
    :: grant[found] != usable -> found = NOBODY
#else
    :: grant[found] != usable && !(grant[found] == consumed && user[found] == me) -> found = NOBODY
#endif
    fi
#endif
  }
}

proctype Call(byte me) {
  byte found; byte mine; byte i;
again:
  call[me] = looking;
  look();
  if
  :: ONCE && found != NOBODY -> consume()
  :: else
  fi;
  if
  :: found != NOBODY && ONCE && lost < 1 -> lost++; goto again   /* the server died behind its commit */
  :: found != NOBODY && me == CALLS - 1 -> call[me] = dead; goto end   /* the runner did, with the answer */
  :: found != NOBODY -> call[me] = passed; goto end
  :: else
  fi;
  call[me] = asking;
  atomic {
    if
    :: request == no_request && asked <= GRANTS -> request = pending; asker = RUN_OF(me); mine = asked
    :: request == pending -> mine = asked
    :: request == no_request && asked > GRANTS -> call[me] = refused; goto end
    fi
  }
  call[me] = waiting;
  /* decided_approvals */
  (asked > mine);
  if
  :: outcome[mine] == rejected || outcome[mine] == expired -> call[me] = refused
#if MUTANT == 3
  /* An approval is taken for the grant. */
  :: outcome[mine] == approved -> through[0]++; call[me] = passed
#else
  :: outcome[mine] == approved -> goto again
#endif
  fi;
end: skip
}

/* Each decides once, and finds out whether it was the first. */
inline decide(what) {
  atomic {
    if
    :: request == pending ->
      outcome[asked] = what;
      if
      :: what == approved && grants < GRANTS ->
        grant[grants] = usable; granted_run[grants] = asker; grants++; promised++
      :: else
      fi;
      request = no_request; asked++
    :: else
    fi
  }
}

proctype Approver() {
  (request == pending);
  if
  :: true -> decide(approved)
  :: true -> decide(rejected)
  fi
}

/* The time for a decision ends at any time, or never. */
proctype Clock() {
  if
  :: request == pending -> decide(expired)
  :: skip
  fi;
  if
  :: atomic { SCOPE == 2 && grants > 0 && grant[0] == usable -> grant[0] = closed }
  :: skip
  fi
}

proctype Revoker() {
  if
#if MUTANT == 4
  /* whether it has been used or not */
  :: atomic { grants > 0 && grant[0] != closed -> grant[0] = revoked }
#else
  :: atomic { grants > 0 && grant[0] == usable -> grant[0] = revoked }
#endif
  :: skip
  fi
}

init {
  byte i; byte ended;
  atomic {
    i = 0;
    do :: i < CALLS -> run Call(i); i++ :: else -> break od;
    run Approver(); run Approver(); run Clock(); run Revoker()
  }
  /* Nothing can move any more. */
  timeout;
  d_step {
    i = 0;
    do
    :: i < grants ->
      /* What is for one time lets one call through, and what was revoked before its use none. */
      assert(!ONCE || through[i] <= 1);
      assert(!ONCE || grant[i] != revoked || through[i] == 0);
      assert(!ONCE || grant[i] != consumed || through[i] == 1);
      i++
    :: else -> break
    od;
    assert(promised == grants);
    i = 0;
    do
    :: i < CALLS ->
      /* A call that waits does so for a question that is open. (There may be a grant for another call's question, which
         came after it had looked: it is asked for anew, but no more is allowed than people have said.) */
      assert(call[i] != waiting || request == pending);
      /* Nobody passes without a grant that counts the call. */
      assert(call[i] != passed || grants > 0);
      i++
    :: else -> break
    od;
    ended = 0; i = 0;
    do
    :: i < CALLS -> ended = ended + (call[i] == passed || call[i] == dead -> 1 : 0); i++
    :: else -> break
    od;
    /* As many calls passed as grants let through: a lost answer is neither a second use nor a lost one. */
    assert(!ONCE || ended == through[0] + through[1])
  }
}
