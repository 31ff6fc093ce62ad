"""
Runs commands of the agent, of which each line of standard input has the arguments as JSON, and prints how each ended:
Python takes longer to read the agent than the agent to work.
"""

import json
import sys

import agent

for line in sys.stdin:
    sys.argv[1:] = json.loads(line)
    print(json.dumps({'status': agent.main()}), flush=True)
