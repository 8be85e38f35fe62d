kubectl label namespace team-blue pod-security.kubernetes.io/enforce=baseline
kubectl label namespace team-blue pod-security.kubernetes.io/warn=baseline
kubectl label namespace team-blue pod-security.kubernetes.io/audit=baseline
kubectl apply -f pod.yaml
kubectl apply -f deployment.yaml
