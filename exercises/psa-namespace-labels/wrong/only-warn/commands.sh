kubectl label namespace team-blue pod-security.kubernetes.io/warn=restricted
kubectl label namespace team-blue pod-security.kubernetes.io/audit=restricted
kubectl apply -f pod.yaml
kubectl apply -f deployment.yaml
