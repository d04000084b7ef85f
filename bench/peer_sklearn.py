"""peer_sklearn.py FOLDER - what peer_near.py does, with scikit-learn's trees."""
from sklearn.neighbors import KDTree

import peer_near


def farthest(rows):
    tree = KDTree(rows, metric="chebyshev")
    return tree.query(rows, k=peer_near.K + 1)[0][:, peer_near.K]


def nearer(rows, radius):
    tree = KDTree(rows, metric="chebyshev")
    return tree.query_radius(rows, radius, count_only=True)


peer_near.farthest, peer_near.nearer = farthest, nearer

if __name__ == "__main__":
    peer_near.main()
