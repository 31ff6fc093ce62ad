import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../../support/committed.ts';
import { patience } from '../../support/until.ts';

const files = path.join(root, 'constructs/redis-sentinel/files');

describe('scripts, with others than the real programs', () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'redis-scripts-'));
    fs.mkdirSync(path.join(folder, 'bin'));
    // Says what it was called with, and what came by standard input where that is asked for.
    const recorder = [
      '#!/bin/bash',
      `echo "$*" >>${folder}/arguments`,
      `case " $* " in *' -x '*) cat >>${folder}/read; echo >>${folder}/read ;; esac`,
      'echo OK',
    ];
    fs.writeFileSync(path.join(folder, 'bin/redis-cli'), recorder.join('\n'), { mode: 0o755 });
    fs.writeFileSync(path.join(folder, 'secret'), 'the-password\n');
    fs.writeFileSync(path.join(folder, 'admin-password'), 'of-admin');
    for (const from of ['common', 'member', 'sentinel', 'backup'])
      fs.cpSync(path.join(files, from), path.join(folder, from), { recursive: true });
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  function bash(script: string): string {
    const env = {
      PATH: `${folder}/bin:${process.env.PATH ?? ''}`,
      ...{ RUN: folder, TLS: 'no', PRIMARY_NAME: 'redis', PORT: '6379', QUORUM: '2', DOWN_AFTER: '4000' },
      ...{ FAILOVER_TIMEOUT: '10000', REPLICATION_PASSWORD_FILE: `${folder}/secret` },
      ...{ SENTINEL_PASSWORD_FILE: `${folder}/secret` },
    };
    const { stdout } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8', timeout: patience });
    return stdout;
  }

  const words = (name: string): string => {
    const text = fs.readFileSync(path.join(folder, name), 'utf8');
    fs.rmSync(path.join(folder, name));
    return text;
  };

  test('a member tells its server a new password by standard input, where no other process sees it', () => {
    bash(
      `. ${files}/common/ask.sh; . ${files}/member/watch.sh; seen() { echo new; }; write_users() { :; }; files=old configuration=; renew`,
    );
    expect(words('arguments')).toContain('config set masterauth\n');
    expect(words('read')).toBe('the-password\n');
  });

  const options = /^options\(\) \{.*?^\}/ms.exec(fs.readFileSync(`${files}/sentinel/start.sh`, 'utf8'))?.[0] ?? '';

  test('the Sentinels that the quorum does not need look a second later, so that their votes are left for others', () => {
    const seconds = (number: number): string =>
      /down-after-milliseconds redis (\d+)/.exec(bash(`number=${number}; ${options}\noptions`))?.[1] ?? '';
    expect([0, 1, 2].map(seconds)).toEqual(['4000', '4000', '5000']);
  });

  test('a Sentinel is told one in the same way', () => {
    bash(`. ${files}/common/ask.sh; . ${files}/sentinel/adopt.sh; number=0; ${options}\nwatch_primary 10.0.0.1`);
    const said = words('arguments');
    expect(said).toContain('sentinel set redis auth-pass\n');
    expect(said).not.toContain('the-password');
    expect(words('read').split('\n')).toContain('the-password');
  });

  describe('a primary that was away for long', () => {
    const opens = (seconds: number, sentinels: string): boolean =>
      bash(
        `. ${files}/common/ask.sh; . ${files}/member/watch.sh; know_sentinels() { ${sentinels}; }; take_writes() { echo opened; }; ` +
          `gone=100 safely_away=2 answered=100 now=${100 + seconds}; open_when_sure`,
      ).includes('opened');

    test('takes no writes while a Sentinel takes it for down, or most name the other one', () => {
      expect([opens(59, 'named=self down=yes'), opens(600, 'named=peer down=no')]).toEqual([false, false]);
    });

    test('takes them after a minute, where one Sentinel that cannot reach it says so for ever', () => {
      expect(opens(61, 'named=self down=yes')).toBe(true);
    });
  });

  describe('of the other member', () => {
    const peer = (...info: readonly string[]): string =>
      bash(
        `. ${files}/common/ask.sh; state=; data=; . ${files}/member/know.sh; peer_host=x; ` +
          `ask() { printf '%s\\n' ${info.map((line) => `'${line}'`).join(' ')}; }; know_peer 0; echo "$peer"`,
      ).trim();

    test('one that was out of step and has keys is told from one that has none', () => {
      const unpromoted = ['role:slave', 'slave_priority:0', 'uptime_in_seconds:9'];
      expect([peer(...unpromoted, 'db0:keys=1,expires=0'), peer(...unpromoted)]).toEqual(['old', 'nothing']);
    });
  });

  describe('a server that turns in a circle', () => {
    const turns = (ticksEach: number): string =>
      bash(
        `. ${files}/common/spin.sh; spent=0; cat() { echo "7 (redis server) R 1 1 1 0 -1 4 1 0 0 0 5 $spent 0"; }; ` +
          `for turn in 1 2 3; do spins 7 50; spent=$((spent + ${ticksEach})); sleep 0.1; done; echo "$spin_turns turns"`,
      ).trim();

    test('is told from one that waits', () => {
      expect([turns(100_000), turns(0)]).toEqual(['2 turns', '0 turns']);
    });

    const freed = (role: string, freedAt: number): string =>
      bash(
        `. ${files}/common/ask.sh; . ${files}/member/watch.sh; say() { :; }; spins() { spin_turns=61; }; ` +
          `admin() { echo "$*" >&3; }; role=${role} link=up now=1000 freed=${freedAt} spin_turns=0; free_link 1 3>&1`,
      ).trim();

    test('begins its connection to the primary anew, and none as a primary or twice in ten minutes', () => {
      expect([freed('replica', 0), freed('replica', 500), freed('primary', 0)]).toEqual([
        'client kill type master',
        '',
        '',
      ]);
    });

    /** A Sentinel that turns in a circle, and when it began anew for that before. @returns in which turn it does now */
    const ended = (number: number, flags = 'master', before = ''): string => {
      fs.writeFileSync(path.join(folder, 'began-anew'), before);
      return bash(
        `kill() { if [ "$1" = -0 ]; then [ "$turn" -lt 100 ]; else echo "ended $turn"; exit; fi; }; . ${files}/common/ask.sh; ` +
          `. ${files}/sentinel/adopt.sh; say() { :; }; sleep() { turn=$((turn + 1)); }; turn=0; seen() { :; }; ask_others() { :; }; ` +
          `admin() { printf '%s\\n' ip 1 flags ${flags}; }; other_primary() { return 1; }; replica_missing() { return 1; }; ` +
          `date() { echo 100000; }; ` +
          `spin_turns=0; spins() { spin_turns=$((spin_turns + 1)); }; number=${number} sentinel_count=3; adopt 1`,
      ).trim();
    };

    test('begins anew as a Sentinel, each after another time', () => {
      expect([0, 1, 2].map((number) => ended(number))).toEqual(['ended 16', 'ended 31', 'ended 46']);
    });

    test('begins anew as a Sentinel once in ten minutes, then in twice as long each time, and in an hour at most', () => {
      const next = (pause: number, ago: number): string => {
        const is = ended(0, 'master', `${pause} ${100_000 - ago}\n`);
        return `${is} ${fs.readFileSync(path.join(folder, 'began-anew'), 'utf8').trim()}`.trim();
      };
      expect([ended(0) && fs.readFileSync(path.join(folder, 'began-anew'), 'utf8')]).toEqual(['600 100000\n']);
      expect([next(600, 599), next(600, 601)]).toEqual(['600 99401', 'ended 16 1200 100000']);
      expect([next(2400, 2401), next(3600, 3599)]).toEqual(['ended 16 3600 100000', '3600 96401']);
    });

    test('begins anew as the first time where that was hours ago, or the clock was set back since', () => {
      expect([ended(0, 'master', '3600 80000'), ended(0, 'master', '3600 200000')]).toEqual(['ended 16', 'ended 16']);
    });

    test('goes on as a Sentinel while the primary is down, which it may be about to replace', () => {
      expect([ended(0, 'master,o_down,failover_in_progress'), ended(0, 'master,s_down')]).toEqual(['', '']);
    });
  });

  describe('a primary whose Sentinels have another one, which answers as that', () => {
    /** What it does in its first seconds, as lines of commands. @param says what its server says that it is, each second */
    const done = (began: string, ...says: string[]): string | undefined =>
      bash(
        `exec 3>&1; . ${files}/common/ask.sh; for each in decide know spin watch; do . ${files}/*/$each.sh; done; say() { :; }; ` +
          `says=(${says.join(' ')}); kill() { [ "$turn" -lt ${says.length} ]; }; sleep() { :; }; ` +
          `admin() { case $1 in info) printf 'role:%s\nloading:0\n' "\${says[$turn - 1]}" ;; *) echo "$*" >&3 ;; esac; }; ` +
          `whole() { :; }; seen() { :; }; away() { echo 9; }; keep_state() { :; }; free_link() { :; }; peer_address=1.2.3.4; ` +
          `know_peer() { peer=primary; }; know_sentinels() { named=peer down=no; }; watch 1 ${began}`,
      ).split('\n')[0];

    test('follows it at once where it began as the primary, before any failover', () => {
      expect(done('primary', 'master')).toBe('replicaof 1.2.3.4 6379');
    });

    test('waits where it was just promoted: to that one, Sentinels name the old primary for moments', () => {
      expect(done('replica', 'slave', 'master')).toBe('');
    });
  });

  test('a log that the server does not begin ends the restore with its reason', () => {
    fs.writeFileSync(path.join(folder, 'loader.log'), "Can't open the append-only file: No space left on device\n");
    const said = bash(
      `. ${files}/common/ask.sh; . ${files}/backup/load.sh; begin_loader() { loader=$$; }; keys_loaded() { echo 1; }; ` +
        `end_loader() { :; }; of_loader() { echo 'ERR no'; }; load ${folder} dump.rdb; echo "$problem"`,
    );
    expect(said).toContain('the server began no log: ');
    expect(said).toContain('No space left on device');
  });

  test('a hand-over that does not know how far the primary is waits for nothing, and does not happen', () => {
    const waits = /^keep_writes_waiting\(\) \{.*?^\}/ms.exec(
      fs.readFileSync(`${files}/member/before-stop.sh`, 'utf8'),
    )?.[0];
    const said = bash(
      `. ${files}/common/ask.sh; peer=x began=0 within=12; admin() { [ "$1" = client ]; }; ${waits}\nkeep_writes_waiting && echo handed-over`,
    );
    expect(said).not.toContain('handed-over');
  });

  test('a name is asked for once: the node that answers for names may be the one that is lost', () => {
    const said = bash(
      `. ${files}/common/ask.sh; getent() { [ ! -e ${folder}/away ] && echo '10.43.0.7 STREAM'; }; timeout() { shift; "$@"; }; ` +
        `address redis-1.data; touch ${folder}/away; address redis-1.data; address redis-2.data || echo unknown`,
    );
    expect(said).toBe('10.43.0.7\n10.43.0.7\nunknown\n');
  });

  test('a member that waits for a password ends when it is told to', () => {
    const said = bash(
      `export POD_NAME=redis-0 MEMBERS='127.0.0.1 127.0.0.2' SENTINELS=127.0.0.3 REPAIR_BYTES=0 DATA=${folder} CONFIGURATION=${files}/member; ` +
        `mkdir -p ${folder}/all; cp ${files}/common/*.sh ${files}/member/*.sh ${folder}/all; ` +
        `bash ${folder}/all/start.sh 2>&1 & pid=$!; sleep 3; kill -TERM $pid; ` +
        `for turn in {1..50}; do kill -0 $pid 2>/dev/null || { echo ended; exit; }; sleep 0.1; done; kill -KILL $pid`,
    );
    expect(said).toContain('waits: a password is missing');
    expect(said).toContain('ended');
  });
});
