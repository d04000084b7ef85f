"""peer_torch.py WIDTHS BATCH sgd|adam THREADS - a training step in PyTorch.

Prints the median microseconds (processor time of one thread, else wall) of a step of the fully connected tanh network with
the WIDTHS (12,10,2): gather the rows of the batch, forward, backward, optimiser.
"""
import sys
import time

import torch

ROWS = 20000


def network(widths):
    layers = []
    for n_in, n_out in zip(widths[:-2], widths[1:-1]):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(*widths[-2:]))


def main():
    widths = [int(width) for width in sys.argv[1].split(",")]
    batch, name, threads = int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net, loss = network(widths), torch.nn.CrossEntropyLoss()
    optimizer = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name](
        net.parameters(), lr=1e-3)
    x = torch.rand(ROWS, widths[0])
    y = torch.randint(widths[-1], (ROWS,))
    order = torch.randperm(ROWS)
    clock = time.process_time if threads == 1 else time.perf_counter
    times, spent = [], 0.0
    while len(times) < 20 or (len(times) < 2000 and spent < 1.0):
        at = len(times) * batch % (ROWS - batch)
        start = clock()
        rows = order[at:at + batch]
        optimizer.zero_grad()
        loss(net(x[rows]), y[rows]).backward()
        optimizer.step()
        times.append(clock() - start)
        spent += times[-1]
    print(1e6 * sorted(times)[len(times) // 2])


if __name__ == "__main__":
    main()
